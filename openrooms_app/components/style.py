"""Joins class names."""


def classes(*names: str) -> str:
    """One `class_name` of all that are not empty; the later ones are the caller's additions."""
    return " ".join(name for name in names if name)
