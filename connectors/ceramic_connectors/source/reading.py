"""Pages of feeds, read ahead by threads so that there is something to write when a transaction has ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple

from ceramic_connectors.source.errors import ForeignPositionError, NodeUnreachableError
from ceramic_connectors.source.origin import Feed, Origin, Page, Place
from ceramic_protocol.errors import CeramicError, OutsideError
from ceramic_protocol.limits import MAX_PAGES_AHEAD, ORIGIN_RETRY_SECONDS, ORIGIN_WAIT_SECONDS

_LOOK_SECONDS: Final = 0.2


class Read(NamedTuple):
    """A page of a feed.

    `began_anew` is the end of a feed whose positions are counted anew, with the first page of it.
    """

    feed: Feed
    page: Page
    began_anew: int | None = None


class Reading:
    """Feeds under way."""

    def __init__(self, tell: Callable[[str], None], *, is_bounded: bool = False) -> None:
        """Nothing yet; `tell` is told how it goes."""
        self.tell: Final = tell
        self.is_bounded: Final = is_bounded
        self.stopping: Final = threading.Event()
        self._pages: queue.Queue[Read | Exception] = queue.Queue(MAX_PAGES_AHEAD)

    def next(self, seconds: float) -> Read | None:
        """The next page, of whichever feed; None if none comes within so many seconds.

        Raises:
            OutsideError: the origin refuses.
            ForeignPositionError: the origin isn't the one that the places are of.
        """
        try:
            found = self._pages.get(timeout=seconds) if seconds > 0 else self._pages.get_nowait()
        except queue.Empty:
            return None
        if isinstance(found, Exception):
            raise found
        return found

    def hand_on(self, found: Read | Exception) -> None:
        """Give a page, or what ended a feed, to whoever asks for the next one."""
        while not self.stopping.is_set():
            try:
                self._pages.put(found, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return


@contextmanager
def reading(
    origins: Callable[[], Origin],
    places: Mapping[Feed, Place],
    limit: int,
    tell: Callable[[str], None],
    *,
    is_bounded: bool = False,
) -> Iterator[Reading]:
    """Read feeds from these places on, until the block ends.

    Args:
        origins: opens an origin, for one thread.
        places: by feed, where to begin.
        limit: entries of a page.
        tell: is told when the origin can't be reached and when it can again, and when all is read.
        is_bounded: whether nothing will follow then.
    """
    found = Reading(tell, is_bounded=is_bounded)
    for feed, place in places.items():
        reader = _Reader(found, origins(), feed, place, limit)
        # It may be waiting for an answer when the block ends, which is then thrown away.
        threading.Thread(target=reader.run, name=f"read-{feed}", daemon=True).start()
    try:
        yield found
    finally:
        found.stopping.set()


class _Reader:
    """Reads one feed."""

    def __init__(self, reading: Reading, origin: Origin, feed: Feed, place: Place, limit: int) -> None:
        self._reading = reading
        self._origin = origin
        self._feed = feed
        self._place = place
        self._limit = limit
        self._is_lost = False
        self._is_live = False
        self._has_ended = False

    def run(self) -> None:
        try:
            while not self._reading.stopping.is_set():
                found = self._read()
                if found is not None and self._is_news(found):
                    self._place = found.page.place
                    self._reading.hand_on(found)
        except CeramicError as error:
            self._reading.hand_on(error)
        except Exception as error:  # noqa: BLE001  # the thread that writes has to know
            self._reading.hand_on(OutsideError(f"reading {self._feed} failed: {error!r}"))
        finally:
            self._origin.close()

    def _is_news(self, found: Read) -> bool:
        """Whether somebody has to know of it; that a feed ends is told even if there are no entries."""
        is_first_end, self._has_ended = found.page.is_end and not self._has_ended, found.page.is_end
        return is_first_end or found.began_anew is not None or found.page.place != self._place

    def _read(self) -> Read | None:
        try:
            try:
                wait = ORIGIN_WAIT_SECONDS if self._is_live else 0.0
                page = self._origin.page(self._feed, self._place, self._limit, wait)
                found = Read(self._feed, page)
            except ForeignPositionError as error:
                found = self._begun_anew(error)
        except NodeUnreachableError as error:
            if not self._is_lost:
                self._reading.tell(f"{error}; trying again")
            self._is_lost = True
            self._reading.stopping.wait(ORIGIN_RETRY_SECONDS)
            return None
        if self._is_lost:
            self._reading.tell("the node answers again")
        self._is_lost = False
        if found.page.is_end and not self._is_live:
            self._is_live = True
            follows = "" if self._reading.is_bounded else "; what follows is live"
            self._reading.tell(f"{self._feed}: all that was there has been read{follows}")
        return found

    def _begun_anew(self, error: ForeignPositionError) -> Read:
        """States that a node made anew: all of them are read again. Events are never counted anew."""
        about = self._origin.about()
        begin, end = about.begins[self._feed], about.ends[self._feed]
        if self._feed is Feed.EVENTS or begin.counter == self._place.counter:
            raise error
        self._reading.tell("the node has made its states anew: all of them are written again")
        return Read(self._feed, Page((), begin, is_end=False), end.position)
