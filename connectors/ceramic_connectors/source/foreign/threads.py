"""Questions asked in threads that nobody has to wait for: a source that ends doesn't wait for answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def later(work: Callable[[], _Result], name: str) -> Future[_Result]:
    """What will be the result of something that is begun now."""
    found: Future[_Result] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
            found.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return found


def all_of(
    work: Callable[[_Item], _Result], items: Sequence[_Item], threads: int, name: str
) -> list[_Result]:
    """The results for some items, in order, with so many threads at work; the first error if there is one."""
    count = min(threads, len(items))
    shares = [items[number::count] for number in range(count)]
    under_way = [later(lambda share=share: list(map(work, share)), name) for share in shares]  # type: ignore[misc]
    found: list[Iterator[_Result]] = [iter(each.result()) for each in under_way]
    return [next(found[number % count]) for number in range(len(items))]
