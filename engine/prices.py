"""What models cost: the price list that is in effect, ours or the operator's; what is not on it is not known."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError

from engine.core.chat import Usage
from engine.core.document import Frozen
from engine.core.errors import OpenRoomsError

BUILT_IN = Path(__file__).parent / "providers" / "prices.json"

_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
"""What vendors put behind a model's name to say which of its dated versions has answered."""


class BadPrices(OpenRoomsError):
    code = "bad_prices"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The price list {path!r} (OPENROOMS_PRICES_FILE) can't be used: {reason}. "
            "Take engine/providers/prices.json as an example."
        )


class Price(Frozen):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(None, ge=0)
    """Read from the vendor's cache; as any other input if nothing is said."""
    cache_write: float | None = Field(None, ge=0)
    above: Above | None = None

    def cost_usd(self, usage: Usage, cache_written: int) -> float:
        """Of one answer; `cache_written` are those of the tokens read that were put into the vendor's cache."""
        if self.above is not None and usage.input_tokens > self.above.tokens:
            return self.above.price.cost_usd(usage, cache_written)
        plain = usage.input_tokens - usage.cached_tokens - cache_written
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.cache_write is None else self.cache_write
        read = plain * self.input + usage.cached_tokens * cached + cache_written * written
        return (read + usage.output_tokens * self.output) / 1_000_000


class Above(Frozen):
    """The price of all tokens of a request that reads more than `tokens`."""

    tokens: int = Field(ge=1)
    price: Price


class Prices(Frozen):
    """A price list; `servers` goes by base URL, then by the model's name without a date."""

    version: str = Field(min_length=1)
    servers: dict[str, dict[str, Price]]

    def price_of(self, url: str, model: str) -> Price | None:
        known = self.servers.get(url.rstrip("/"), {})
        return known.get(model) or known.get(_DATED.sub("", model))

    def priced(self, url: str, model: str, usage: Usage, *, cache_written: int = 0) -> tuple[Usage, bool]:
        """The usage with its cost, and whether that is known."""
        price = self.price_of(url, model)
        if price is None or not usage.tokens:
            return usage, False
        return usage.model_copy(update={"cost_usd": price.cost_usd(usage, cache_written)}), True


@cache
def prices(path: str = "") -> Prices:
    """The operator's list, ours without a path; read once.

    Raises:
        BadPrices: there is no such file, or it is no price list.
    """
    try:
        return Prices.model_validate_json(Path(path or BUILT_IN).read_bytes())
    except OSError as error:
        raise BadPrices(path, error.strerror or str(error)) from None
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadPrices(path, f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}") from None


def known_models(url: str) -> tuple[str, ...]:
    """The models that our own list knows at a server, the usual choice first; those that write nothing only embed."""
    return tuple(name for name, price in prices().servers[url].items() if price.output)
