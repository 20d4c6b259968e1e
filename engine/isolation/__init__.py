"""Child processes for code that blocks or may take its process down: a hard timeout or a cancel kills them."""
