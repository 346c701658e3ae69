"""A cache of measurements: what was computed before is returned while its inputs stay the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Cache:
    """Values by key, at most so many; the least recently used goes first.

    Parameters
    ----------
    size : number of values that are kept; 0 keeps none, so that everything is computed

    Examples
    --------
    >>> cache = Cache(size=2)
    >>> cache.get("mean", lambda: 130.0), cache.get("mean", lambda: 0.0)
    (130.0, 130.0)
    >>> cache.get("mean", lambda: 150.0, state="another region")
    150.0
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._entries: dict[Hashable, tuple[Any, Any]] = {}

    def get(self, key: Hashable, compute: Callable[[], T], state: Any = None) -> T:
        """Return the cached value for a key, computing it on a miss or where its state changed.

        Parameters
        ----------
        key : names the value
        compute : called without arguments on a miss
        state : compared with that of the cached value; need not be hashable
        """
        entry = self._entries.pop(key, None)
        if entry is None or entry[0] != state:
            entry = (state, compute())
        self.put(key, entry[1], state)
        value: T = entry[1]
        return value

    def put(self, key: Hashable, value: Any, state: Any = None) -> None:
        """Keep a value that was computed elsewhere."""
        if self.size == 0:
            return
        self._entries.pop(key, None)
        self._entries[key] = (state, value)
        while len(self._entries) > self.size:
            del self._entries[next(iter(self._entries))]

    def peek(self, key: Hashable, state: Any = None) -> Any:
        """Return the cached value for a key, None on a miss."""
        entry = self._entries.get(key)
        return None if entry is None or entry[0] != state else entry[1]

    def clear(self) -> None:
        """Forget every value."""
        self._entries.clear()

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._entries)


NO_CACHE = Cache(0)
