"""Messages for Kafka from entries of a node's feeds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ceramic_connectors.kafka.port import Message
from ceramic_connectors.records.form import Form
from ceramic_connectors.source.dead_letters import Letter
from ceramic_connectors.source.entries import car_bytes, type_name
from ceramic_connectors.source.topics import Topics
from ceramic_protocol.records import EVENT, STATE

_OPS: Final = {"init": "c", "data": "u", "time": "t"}
_REJECTED: Final = "rejected"
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Origins:
    """What all records of a source say of where they come from."""

    version: str
    name: str
    network: str

    def source(self, ts_ms: int, counter: str, position: int, *, snapshot: bool) -> dict[str, Any]:
        """The `source` of a record."""
        return {
            "version": self.version,
            "connector": "ceramic",
            "name": self.name,
            "ts_ms": ts_ms,
            "snapshot": snapshot,
            "network": self.network,
            "node": counter,
            "position": position,
        }


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes messages.

    Attributes:
        topics: where they go.
        origins: what their `source` says.
        form: how values are written.
        has_car: whether events' CARs come along.
        letters: makes dead letters of rejected events; without it they are left out.
    """

    topics: Topics
    origins: Origins
    form: Form
    has_car: bool
    letters: Letter | None

    def event(self, entry: Mapping[str, Any], counter: str, *, snapshot: bool) -> Message | None:
        """The message of an entry of the feed of events; None for one that nobody wants."""
        judged = entry.get("judged") or _NOTHING
        found = judged or entry["check"]
        topic = self.topics.events(type_name(entry["stream_id"]), entry["model"])
        if found["verdict"] == _REJECTED:
            return None if self.letters is None else self.letters.message(entry, found, topic)
        position, received = entry["position"], entry["received"]
        car = entry.get("car") if self.has_car else None
        payload = entry.get("payload")
        row = {
            "op": _OPS[entry["kind"]],
            "event_cid": entry["cid"],
            "stream_id": entry["stream_id"],
            "model": entry["model"],
            "controller": entry["controller"],
            "prev": entry["prev"],
            "signer": entry["signer"],
            "capability": entry["capability"],
            "timestamp": entry["timestamp"],
            "chain_id": entry["chain_id"],
            "verdict": found["verdict"],
            "reason": found["reason"],
            "height": judged.get("height"),
            "canonical": judged.get("is_canonical", False),
            "anchored_at": judged.get("anchored_at"),
            "payload": None if payload is None else orjson.dumps(payload).decode(),
            "car": None if not car else car_bytes(car),
            "ts_ms": _now(),
            "source": self.origins.source(received, counter, position, snapshot=snapshot),
        }
        value, headers = self.form.encode(EVENT, topic, row)
        told = (
            ("ceramic.cid", row["event_cid"].encode()),
            ("ceramic.kind", entry["kind"].encode()),
            ("ceramic.verdict", row["verdict"].encode()),
            ("ceramic.position", b"%d" % position),
        )
        return Message(topic, value, row["stream_id"].encode(), headers + told, timestamp_ms=received)

    def change(self, entry: Mapping[str, Any], counter: str, *, snapshot: bool) -> Iterator[Message]:
        """The messages of an entry of the feed of changes: the state, and a tombstone if it is gone."""
        state = entry.get("state")
        now = _now()
        row = {
            "op": _op(entry, state, snapshot=snapshot),
            "stream_id": entry["stream_id"],
            "model": entry["model"],
            "controller": entry["controller"],
            "tip": entry["new_tip"],
            "previous_tip": entry["old_tip"],
            "undone": entry["undone"],
            "applied": entry["applied"],
            "correction": bool(entry["undone"]),
            "cause": entry["cause"],
            **_content(state),
            "ts_ms": now,
            "source": self.origins.source(now, counter, entry["position"], snapshot=snapshot),
        }
        yield from self._state(row)

    def snapshot(self, item: Mapping[str, Any], counter: str, position: int) -> Iterator[Message]:
        """The messages of a stream's state as it is now, for whoever has asked for it again."""
        state = item.get("state")
        if item["tip"] is None:
            return
        now = _now()
        row = {
            "op": "d" if _is_hidden(state) else "r",
            "stream_id": item["stream_id"],
            "model": item["model"],
            "controller": item["controller"],
            "tip": item["tip"],
            "previous_tip": None,
            "undone": [],
            "applied": [],
            "correction": False,
            "cause": "snapshot",
            **_content(state),
            "ts_ms": now,
            "source": self.origins.source(now, counter, position, snapshot=True),
        }
        yield from self._state(row)

    def _state(self, row: dict[str, Any]) -> Iterator[Message]:
        topic = self.topics.states(type_name(row["stream_id"]), row["model"])
        key = row["stream_id"].encode()
        value, headers = self.form.encode(STATE, topic, row)
        told = (("ceramic.cid", (row["tip"] or "").encode()), ("ceramic.op", row["op"].encode()))
        yield Message(topic, value, key, headers + told, timestamp_ms=row["ts_ms"])
        if row["op"] == "d":
            yield Message(topic, None, key, timestamp_ms=row["ts_ms"])


def _op(entry: Mapping[str, Any], state: Any, *, snapshot: bool) -> str:
    if entry["new_tip"] is None or _is_hidden(state):
        return "d"
    if snapshot:
        return "r"
    return "c" if entry["old_tip"] is None else "u"


def _is_hidden(state: Any) -> bool:
    return isinstance(state, dict) and (state.get("metadata") or _NOTHING).get("shouldIndex") is False


def _content(state: Any) -> dict[str, str | None]:
    if not isinstance(state, dict):
        return {"content": None, "metadata": None}
    return {name: orjson.dumps(state.get(name)).decode() for name in ("content", "metadata")}


def _now() -> int:
    return time.time_ns() // 1_000_000
