"""What outsiders may ask: one function per use case."""
