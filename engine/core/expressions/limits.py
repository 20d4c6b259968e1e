"""Every limit on expressions, templates, values and the calculator, in one table that the API shows."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    expression_chars: int = 4_096
    expression_parts: int = 600
    """Literals, names, keys, operators, calls, lists and maps: each is one part."""
    depth: int = 48
    """Brackets, operators and calls nested in each other; a chain such as `a + b + c` counts once."""
    cost: int = 50_000
    """Units one evaluation may spend, together with all that is nested in it; about 0.5 µs each."""
    result_text_bytes: int = 256 * 1024
    list_items: int = 10_000
    data_depth: int = 32
    value_bytes: int = 1024 * 1024
    """One value, as compact JSON."""
    memory_bytes: int = 8 * 1024 * 1024
    """The memory of a room, as compact JSON."""
    template_slots: int = 100
    template_bytes: int = 256 * 1024
    """All texts of a template, before and after its slots are filled."""
    calculation_chars: int = 2_000
    calculation_digits: int = 50
    calculation_exponent: int = 999
    calculation_power: int = 10_000

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


LIMITS = Limits()
