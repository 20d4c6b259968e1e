"""Registers TypeScript that lives beside a Python module, so that Reflex builds it into the page."""

import reflex as rx


def tsx_module(entry: str, *others: str) -> str:
    """The import path of `entry`, for a component's `library`.

    Args:
        entry: the file whose exported functions are the components' tags.
        others: every further file that `entry` imports by `./name`; one forgotten fails the build.
    """
    for name in others:
        rx.asset(name, shared=True, _stack_level=2)
    return rx.asset(entry, shared=True, _stack_level=2).importable_path
