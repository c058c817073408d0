"""The sample corpus, posted event by event: our answers beside those that were measured of ceramic-one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ceramic_protocol import multibase
from ceramic_protocol.networks import Network
from tests.support import corpus
from tests.support.node import Reply, RunningNode, running_node

WE_REFUSE = {
    "alg_key_mismatch": 4,
    "anchor_wrong_contract": 3,
    "block_too_large": 1,
    "init_invalid": 2,
    "unsigned_init_with_data": 4,
}
"""What ceramic-one takes, by our reason (docs/deviations.md), and what builds on that."""

WE_KEEP = {"anchor_chain_unknown": 2, "header_field_forbidden": 4, "valid": 4}
"""What ceramic-one refuses: a chain that isn't known may be known later, such headers are judged with the
state, and resources of capabilities name streams as js-ceramic does."""

MESSAGES = {
    "wire": "Failed to parse EventID from event CAR file data: ",
    "auth": "Event had invalid signature: ",
    "anchor": "Failed to validate time event inclusion proof: ",
}


def measured(event: dict[str, Any]) -> tuple[int, str]:
    """Status and message of ceramic-one; without a message where it wasn't noted."""
    said = event.get("ceramic_one_http")
    if said is None:
        return (204 if event["valid"] else 400), ""
    return (204, "") if said == "accept" else (400, said.removeprefix("reject 400: "))


def replay(node: RunningNode) -> dict[str, Reply]:
    return {
        cid: node.post("/ceramic/events", {"data": multibase.encode(car, "m")})
        for cid, car in corpus.cars().items()
    }


def test_answers_to_the_corpus_are_those_of_ceramic_one() -> None:
    events = corpus.expected()["events"]
    # Of a local network, whose anchors may lie on the two chains of the sample.
    with running_node(chain=corpus.chain(), network=Network.local(7)) as node:
        answers = replay(node)
        states = {stream["stream_id"]: stream for stream in corpus.expected()["streams"]}
        check_states(node, {cid for cid, said in answers.items() if said.status == 204}, states)
    refused, kept = Counter[str](), Counter[str]()
    for cid, said in answers.items():
        event = events[cid]
        status, message = measured(event)
        if said.status != status:
            (refused if said.status == 400 else kept)[event.get("reason") or "valid"] += 1
            continue
        if said.status == 400:
            check_message(said.json()["message"], event, message)
    assert refused == WE_REFUSE
    assert kept == WE_KEEP


def check_message(said: str, event: dict[str, Any], message: str) -> None:
    """What ceramic-one says, or at least the half-sentence with which it begins."""
    if message.startswith("Failed"):
        # The note was cut short.
        assert said.startswith(message) or message.startswith(said), (said, message)
    elif message or event.get("layer") in MESSAGES:
        assert said.startswith(
            (MESSAGES[event.get("layer", "auth")], MESSAGES["wire"], "Failed to insert")
        ), said


def check_states(node: RunningNode, taken: set[str], streams: dict[str, Any]) -> None:
    """The states of streams of which all was taken that counts for them."""
    node.settle()
    checked = 0
    for text, stream in streams.items():
        events = corpus.expected()["events"]
        own = {cid for cid, event in events.items() if event["stream_id"] == text and event["valid"]}
        if not own <= taken or stream["tip"] is None:
            continue
        said = node.get(f"/ceramic/streams/{text}")
        assert said.status == 200, text
        assert said.json()["event_cid"] == stream["tip"], text
        assert multibase.decode(said.json()["dimensions"]["controller"]).decode() == stream["controller"]
        checked += 1
    assert checked > 350, checked
