"""What was refused on its way into a node: kept once, and read as a feed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.source.entries import car_bytes, unloadable
from ceramic_connectors.source.errors import ForeignPositionError
from ceramic_connectors.source.node_origin import NodeOrigin, Wanted
from ceramic_connectors.source.origin import Feed, Page, Place
from ceramic_connectors.source.refused.keeping import Refused, RefusedEvents
from ceramic_connectors.source.refused.refused_origin import RefusedOrigin
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.ids import UNLOADABLE, StreamId
from ceramic_protocol.limits import MAX_REFUSED_PAGE_BYTES

REFUSED = [Refused(f"cid {number}", "signature_invalid", "", b"%d" % number) for number in range(5)]


def test_each_thing_is_kept_once_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    with RefusedEvents(tmp_path / "refused.sqlite") as kept:
        kept.add(REFUSED[:3])
        kept.add(REFUSED)
        epoch = kept.epoch
    with RefusedEvents(tmp_path / "refused.sqlite") as again:
        found = again.page(0, 100)
        assert [each.refused for each in found] == REFUSED
        assert all(one.number < two.number for one, two in pairwise(found))
        assert [each.refused for each in again.page(found[1].number, 2)] == REFUSED[2:4]
        assert (again.end(), again.epoch) == (found[-1].number, epoch)


def test_the_same_bytes_at_two_places_are_two(tmp_path: Path) -> None:
    with RefusedEvents(tmp_path / "refused.sqlite") as kept:
        kept.add(Refused(None, "archive_damaged", f"file at {place}", bytes(9)) for place in (1, 2, 1))
        assert len(kept.page(0, 100)) == 2


def test_a_page_has_a_bounded_size(tmp_path: Path) -> None:
    half = MAX_REFUSED_PAGE_BYTES // 2
    with RefusedEvents(tmp_path / "refused.sqlite") as kept:
        kept.add(Refused(str(number), "x", "", bytes([number]) * half) for number in range(5))
        assert len(kept.page(0, 100)) == 2


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "refused.sqlite").write_bytes(b"no database, but longer than the head of one" * 9)
    with pytest.raises(OutsideError, match="what was refused"):
        RefusedEvents(tmp_path / "refused.sqlite")


def test_it_is_a_feed_beside_those_of_the_node(tmp_path: Path) -> None:
    path = tmp_path / "refused.sqlite"
    # What the node has isn't asked for here.
    origin = RefusedOrigin(NodeOrigin(Endpoint.parse("http://127.0.0.1:1"), Wanted()), path)
    with RefusedEvents(path) as kept:
        begin = Place(None, 0, kept.epoch)
        assert origin.page(Feed.REFUSED, begin, 2, 0.0) == Page([], begin, is_end=True)
        kept.add(REFUSED)
    page = origin.page(Feed.REFUSED, begin, 2, 0.0)
    assert [entry["check"]["verdict"] for entry in page.entries] == ["rejected", "rejected"]
    found = [(entry["cid"], car_bytes(entry["car"])) for entry in page.entries]
    assert found == [("cid 0", b"0"), ("cid 1", b"1")]
    assert not page.is_end
    rest = origin.page(Feed.REFUSED, page.place, 100, 0.0)
    assert [entry["cid"] for entry in rest.entries] == ["cid 2", "cid 3", "cid 4"]
    last = origin.page(Feed.REFUSED, rest.place, 100, 0.1)
    assert (list(last.entries), last.place, last.is_end) == ([], rest.place, True)
    with pytest.raises(ForeignPositionError):
        origin.page(Feed.REFUSED, Place("1", 1, "another"), 1, 0.0)
    origin.close()


@given(st.text(max_size=80))
def test_whatever_calls_itself_an_event_has_a_stream(cid: str) -> None:
    assert StreamId.parse(unloadable(cid)).type_name == StreamId.parse(unloadable("")).type_name
    assert StreamId.parse(unloadable(cid)).stream_type == UNLOADABLE
