"""Handing events in, and asking for one."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import orjson
import pytest

from ceramic_node.http.v1.events import posting
from ceramic_node.intake import Overloaded
from ceramic_protocol.limits import MAX_EVENT_CAR_BYTES
from ceramic_protocol.multibase import encode
from tests.node.http.v1 import making, schemas
from tests.node.http.v1.making import ALICE, BOB, CAR, JSON, LINES, NOTES, car_text, get, post_car, post_lines
from tests.support.node import RunningNode, running_node

INIT = making.document("first")
SECOND = making.update(INIT, INIT, "second")
THIRD = making.update(INIT, SECOND, "third")
FORGED = making.update(INIT, INIT, "forged", BOB)


@pytest.fixture
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        yield running


def test_one_event_as_it_is(node: RunningNode) -> None:
    said = post_car(node, "/v1/events", INIT.car)
    schemas.check("postEvents", said)
    kept = {"cid": str(INIT.cid), "outcome": "new", "reason": None, "detail": None, "missing": None}
    assert (said.status, said.json()) == (200, kept)
    assert post_car(node, "/v1/events", INIT.car).json() == kept | {"outcome": "known"}


@pytest.mark.parametrize("base", "bmuf")
def test_one_event_as_text(node: RunningNode, base: str) -> None:
    said = node.post("/v1/events", {"car": encode(INIT.car, base)}, **{"Content-Type": JSON})
    assert (said.status, said.json()["outcome"]) == (200, "new")


def test_many_events_have_an_outcome_each(node: RunningNode) -> None:
    cars = [car_text(event) for event in (THIRD, INIT, SECOND)]
    broken = encode(INIT.car[:-3], "m")
    said = node.post("/v1/events", {"cars": [*cars, "mAAAA", "nonsense", broken]}, **{"Content-Type": JSON})
    schemas.check("postEvents", said)
    outcomes = said.json()["events"]
    assert [one["outcome"] for one in outcomes] == ["new"] * 3 + ["refused"] * 3
    assert [one["reason"] for one in outcomes[3:]] == ["car_malformed", "not_multibase", "car_truncated"]
    assert get(node, "/feed").json()["events"][0]["cid"] == str(INIT.cid)


def test_many_events_line_by_line(node: RunningNode) -> None:
    outcomes = post_lines(node, *(car_text(event) for event in (INIT, SECOND, INIT)))
    assert [(one["cid"], one["outcome"]) for one in outcomes] == [
        (str(INIT.cid), "new"),
        (str(SECOND.cid), "new"),
        (str(INIT.cid), "known"),
    ]
    body = b'{"car":1}\n\nnot json\n{"data":"m"}\n[]\n'
    said = node.post("/v1/events", body, **{"Content-Type": LINES})
    assert [orjson.loads(line)["outcome"] for line in said.body.splitlines()] == ["refused"] * 4


def test_what_is_refused_says_why(node: RunningNode) -> None:
    broken = bytearray(FORGED.car)
    broken[-3] ^= 1
    said = post_car(node, "/v1/events", bytes(broken))
    schemas.check("postEvents", said)
    assert (said.status, said.json()["code"], said.json()["reason"]) == (
        422,
        "event_refused",
        "block_hash_mismatch",
    )


def test_an_event_without_its_prev_waits_or_is_refused(node: RunningNode) -> None:
    said = post_car(node, "/v1/events?needs_prev=true", SECOND.car)
    schemas.check("postEvents", said)
    found = said.json()
    assert (said.status, found["reason"], found["missing"]) == (422, "init_missing", str(INIT.cid))
    assert post_car(node, "/v1/events", SECOND.car).json()["outcome"] == "new"
    waiting = get(node, f"/events/{SECOND.cid}", wait=0)
    schemas.check("getEvent", waiting)
    assert (waiting.json()["position"], waiting.json()["stream_id"]) == (None, None)
    post_car(node, "/v1/events?needs_prev=true", INIT.car)
    assert get(node, f"/events/{SECOND.cid}").json()["position"] == 2


@pytest.mark.parametrize(
    ("media_type", "body", "status", "code"),
    [
        ("text/plain", b"x", 415, "media_type_refused"),
        ("", b"x", 415, "media_type_refused"),
        (CAR, b"", 400, "bad_body"),
        (CAR, b"\xff" * 100, 422, "event_refused"),
        (JSON, b"", 400, "bad_body"),
        (JSON, b"{", 400, "bad_body"),
        (JSON, b"[" * 100_000, 400, "bad_body"),
        (JSON, b'{"cars":[]}', 400, "bad_body"),
        (JSON, b'{"car":"m","cars":["m"]}', 400, "bad_body"),
        (JSON, b'{"car":null}', 400, "bad_body"),
        (JSON, b'{"car":"\\ud800"}', 400, "bad_body"),
        (LINES, b"", 400, "bad_body"),
        (LINES, b"\n \n", 400, "bad_body"),
        (LINES, b'{"car":"m"}\n' * 10_001, 413, "body_too_large"),
        (CAR, b"x" * (17 << 20), 413, "body_too_large"),
    ],
    ids=str,
)
def test_bodies_that_are_none(
    node: RunningNode, media_type: str, body: bytes, status: int, code: str
) -> None:
    said = node.post("/v1/events", body, **({"Content-Type": media_type} if media_type else {}))
    assert (said.status, said.json()["code"]) == (status, code), said.text
    schemas.check("postEvents", said)


def test_a_text_longer_than_any_event_is_not_even_read(node: RunningNode) -> None:
    (outcome,) = post_lines(node, "m" + "A" * (2 * MAX_EVENT_CAR_BYTES + 8))
    assert "at most" in outcome["detail"]


def test_what_was_kept_before_the_node_had_too_much_to_do_is_told(node: RunningNode) -> None:
    events = making.chain(6)
    with patch.object(posting, "MAX_INTAKE_BATCH", 2):
        submit, calls = node.node.submit, []

        async def failing(cars: list[bytes], *, needs_prev: bool = False) -> object:
            calls.append(len(cars))
            if len(calls) == 3:
                raise Overloaded("too much")
            return await submit(cars, needs_prev=needs_prev)

        with patch.object(node.node, "submit", failing):
            outcomes = post_lines(node, *map(car_text, events))
    assert [one["outcome"] for one in outcomes] == ["new"] * 4 + ["failed"] * 2
    assert outcomes[4]["reason"] == "overloaded"


def test_an_event_with_all_that_is_known_of_it(node: RunningNode) -> None:
    making.submit(node, NOTES, INIT, SECOND, FORGED)
    said = get(node, f"/events/{SECOND.cid}", includeData="full")
    schemas.check("getEvent", said)
    found = said.json()
    assert found["judged"] | {"height": 1, "is_canonical": True, "verdict": "valid"} == found["judged"]
    assert found["state"] == {"metadata": {"shouldIndex": True}, "content": {"text": "second"}}
    assert found["payload"]["data"] == [{"op": "replace", "path": "/text", "value": "second"}]
    assert found["car"] == car_text(SECOND)
    assert found["signer"] == ALICE.controller
    forged = get(node, f"/events/{FORGED.cid}").json()
    assert (forged["check"]["verdict"], forged["judged"]["verdict"]) == ("valid", "rejected")
    assert (forged["judged"]["reason"], forged["state"]) == ("signer_not_controller", None)


def test_an_event_as_it_came(node: RunningNode) -> None:
    making.submit(node, INIT)
    for said in (
        get(node, f"/events/{INIT.cid}", format="car"),
        node.get(f"/v1/events/{INIT.cid}", Accept=f"{CAR}, */*"),
    ):
        schemas.check("getEvent", said)
        assert (said.body, said.headers["content-type"]) == (INIT.car, CAR)


def test_an_event_that_nobody_has(node: RunningNode) -> None:
    said = get(node, f"/events/{INIT.cid}")
    assert (said.status, said.json()["code"]) == (404, "event_unknown")
    assert get(node, "/events/nonsense").status == 400
