from __future__ import annotations

from ceramic_connectors.expiring import ExpiringCache


def test_values_grow_old() -> None:
    now = 0.0
    cache = ExpiringCache[str, bool](10, 5.0, lambda: now)
    cache.put("a", False)
    now = 4.9
    assert cache.get("a") is False
    cache.put("b", True)
    now = 5.0
    assert cache.get("a") is None
    assert cache.get("b") is True
    cache.put("a", True)
    now = 9.9
    assert (cache.get("a"), cache.get("b")) == (True, None)


def test_the_oldest_makes_room() -> None:
    cache = ExpiringCache[int, int](3, 5.0, lambda: 0.0)
    for key in (1, 2, 3, 1, 4):
        cache.put(key, -key)
    assert [cache.get(key) for key in (1, 2, 3, 4)] == [-1, None, -3, -4]
