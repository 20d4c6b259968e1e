"""The canvas's pure modules, tested by Node's own runner."""
