"""A cache returns what was computed, computes what changed, and does not grow beyond its size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from CACBoneAxisLib.imaging.cache import NO_CACHE, Cache


class Counter:
    """Counts how often each key is computed."""

    def __init__(self) -> None:
        self.computed: list[str] = []

    def __call__(self, name: str) -> Callable[[], str]:
        def compute() -> str:
            self.computed.append(name)
            return name.upper()

        return compute


def test_a_value_is_computed_once_while_its_state_is_the_same() -> None:
    cache, count = Cache(3), Counter()
    assert [cache.get("a", count("a")) for _ in range(3)] == ["A", "A", "A"]
    assert [cache.get("b", count("b"), state) for state in ([1], [1], [2], [1])] == ["B", "B", "B", "B"]
    assert count.computed == ["a", "b", "b", "b"]


def test_none_is_a_value_like_any_other() -> None:
    cache, calls = Cache(1), []
    for _ in range(2):
        assert cache.get("blood", lambda: calls.append(1)) is None
    assert len(calls) == 1


def test_the_least_recently_used_goes_first() -> None:
    cache, count = Cache(2), Counter()
    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get(name, count(name))
    # c pushes out b, which was used before a.
    assert count.computed == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_what_fails_is_not_kept() -> None:
    cache = Cache(1)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert (cache.peek("a"), cache.get("a", lambda: 5)) == (None, 5)


def test_a_value_put_or_peeked_holds_for_its_state_alone() -> None:
    cache = Cache(1)
    cache.put("a", 1, "before")
    assert (cache.peek("a", "before"), cache.peek("a", "now"), cache.peek("b")) == (1, None, None)
    cache.clear()
    assert cache.peek("a", "before") is None


def test_no_cache_keeps_nothing() -> None:
    count = Counter()
    assert [NO_CACHE.get("a", count("a")) for _ in range(2)] == ["A", "A"]
    assert (count.computed, len(NO_CACHE)) == (["a", "a"], 0)
