"""How long a step rests before its next attempt."""

from engine.core.document import Retry

US_PER_S = 1_000_000


def delay_us(retry: Retry, failures: int) -> int:
    """Microseconds to rest after the `failures`-th failed attempt (1 is the first).

    Exponential back-off, capped: initial_delay_s * multiplier ** (failures - 1), at most max_delay_s.
    """
    exponent = min(failures - 1, 1_000)
    try:
        delay_s = retry.initial_delay_s * retry.multiplier**exponent
    except OverflowError:
        delay_s = retry.max_delay_s
    return round(min(delay_s, retry.max_delay_s) * US_PER_S)
