"""One state per stream, whatever came when: in ceramic-one the last batch wins (api.md 1.5, 3.4 and 3.7)."""

from __future__ import annotations

from itertools import permutations

import pytest

from ceramic_protocol.resolve import tie_key
from ceramic_protocol.rules import Rules
from tests.node.failures.making import note, patch, tip, write, write_together
from tests.node.http.v1.making import NOTES
from tests.node.sql.serving import serving
from tests.protocol.lifecycle.world import World, anchor_of

INIT = note("one")
SIDES = [
    patch(INIT, INIT, {"op": "replace", "path": "/text", "value": str(number)}) for number in range(1, 4)
]
LOWEST = min(SIDES, key=lambda event: tie_key(event.cid, Rules(0).tie_break))
assert LOWEST is not max(SIDES, key=lambda event: bytes(event.cid)), "which is what ceramic-one takes"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_branches_without_an_anchor_the_lowest_cid_wins(order: tuple[int, ...]) -> None:
    sides = [SIDES[number] for number in order]
    with serving() as served:
        write(served, NOTES, INIT, *sides)
        assert tip(served, INIT) == str(LOWEST.cid)
        assert served.one("SELECT count(*) FROM event_states WHERE event_height = 1") == 3
        sql = "SELECT tips FROM stream_tips WHERE stream_cid = $1"
        assert sorted(served.one(sql, (bytes(INIT.cid),))) == sorted(bytes(side.cid) for side in SIDES)
    with serving() as served:
        write_together(served, NOTES, INIT, *sides)
        assert tip(served, INIT) == str(LOWEST.cid)


def test_an_anchor_wins_over_what_came_before_and_after_it() -> None:
    winner = max(SIDES, key=lambda event: bytes(event.cid))
    world = World()
    world.prove(winner.cid, 1_700_000_000)
    anchor = anchor_of(INIT.cid, winner.cid)
    others = [side for side in SIDES if side is not winner]
    with serving(chain=world.chain) as served:
        write(served, NOTES, INIT, others[0], winner, anchor)
        assert tip(served, INIT) == str(anchor.cid)
        longer = patch(INIT, others[1], {"op": "replace", "path": "/text", "value": "longer"})
        write(served, others[1], longer)
        assert tip(served, INIT) == str(anchor.cid)
