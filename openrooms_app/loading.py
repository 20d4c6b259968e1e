"""What a process loads at its start stays until its end: the garbage collector looks at none of it, then or later.

It would look at all of it again and again while it is being made, which is a fifth of a start, and then once in a while
as long as the process lives, which holds a server up for an eighth of a second each time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Around imports and what is made once."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
