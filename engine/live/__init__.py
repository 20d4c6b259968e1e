"""The only Redis."""
