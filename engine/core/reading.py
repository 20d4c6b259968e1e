"""Reads plain data as a value, and says in one sentence what does not fit."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from engine.core.document import Frozen
from engine.core.errors import InvalidInput
from engine.core.validation.faults import faults_of

V = TypeVar("V", bound=Frozen)

SHOWN = 5


def read_value(kind: type[V], data: Mapping[str, Any]) -> V:
    """The value in `data`, plain JSON.

    Raises:
        InvalidInput: with the first faults, each naming its field.
    """
    try:
        return kind.of(dict(data))
    except ValidationError as error:
        told = [fault.message.removesuffix(".") for fault in faults_of(error, kind, data)]
        more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        raise InvalidInput(f"{'; '.join(told[:SHOWN])}{more}.") from None
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"This can't be read as JSON: {error}.") from None
