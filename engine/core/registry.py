"""Things of one kind, known by their names."""

from collections.abc import Collection, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from engine.core.errors import UnknownName


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """Things of one kind by name, in the order of their names."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, item: T) -> None:
        if item.name in self._items:
            raise ValueError(f"there are two {self.kind}s named {item.name!r}")
        self._items[item.name] = item

    def exchange(self, old: Collection[str], new: Iterable[T]) -> None:
        """Put `new` in the place of what is named `old`, in one move: other threads see the one or the other.

        Raises:
            ValueError: a name is taken by something else; nothing was changed.
        """
        items = {name: item for name, item in self._items.items() if name not in old}
        for item in new:
            if item.name in items:
                raise ValueError(f"there are two {self.kind}s named {item.name!r}")
            items[item.name] = item
        self._items = items

    def get(self, name: str) -> T | None:
        return self._items.get(name)

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(self.kind, name, self._items) from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(self._items.values(), key=lambda item: item.name))

    def names(self) -> list[str]:
        return sorted(self._items)
