"""The answers to the questions of `docs/queries.md`, from histories of streams and without any table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE
from ceramic_protocol.reasons import BY_CODE, Layer
from ceramic_protocol.rows import anchor_range
from tests.support.pipeline import Decoded, histories, verdicts

STREAM: Final = "kjzl6kcym7w8ya5xupz0qc53htgq9bm8mmjj1g4a8y4wp7pde0ag0eyix5qn3xf"
"""The one that the page asks about."""
_THEN: Final = datetime(2024, 3, 3, tzinfo=UTC)
_WEEK_END: Final = datetime(2026, 1, 8, tzinfo=UTC)
_TOP: Final = 20

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Answers:
    """Answers about some events."""

    decoded: Decoded

    @cached_property
    def streams(self) -> dict[Cid, StreamHistory]:
        """Every stream."""
        return histories(self.decoded)

    @cached_property
    def by_id(self) -> dict[str, StreamHistory]:
        """Those with a tip, by StreamID."""
        return {str(each.stream_id): each for each in self.streams.values() if each.log}

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of models."""
        return {text: _content(each)["name"] for text, each in self.by_id.items() if _type(each) == MODEL}

    def all(self) -> list[Rows]:
        """In the order of the page."""
        ways: tuple[Callable[[], Rows], ...] = (
            self.waited,
            self.forked,
            self.active,
            self.begun,
            self.refused,
            self.expiring,
            self.history,
            self.at_a_time,
            self.relations,
            self.editors,
        )
        return [way() for way in ways]

    def waited(self) -> Rows:
        found = []
        for text, stream in self.by_id.items():
            last = None
            for height, cid in enumerate(stream.log):
                item, proven = stream.judged[cid], stream.anchored.get(cid)
                if item.event.kind is Kind.TIME:
                    last = item.event.timestamp
                elif last is not None and proven is not None and proven > last:
                    found.append((last - proven, text, height, last, proven))
        return [
            {
                "stream_id": text,
                "event_height": height,
                "written_after": _moment(after),
                "written_before": _moment(proven),
                "seconds": -gap,
            }
            for gap, text, height, after, proven in sorted(found)[:_TOP]
        ]

    def forked(self) -> Rows:
        found: Rows = [
            {
                "stream_id": text,
                "controller": _controller(stream),
                "tips": len(stream.leaves),
                "reverted": len(stream.reverted),
            }
            for text, stream in self.by_id.items()
            if stream.reverted
        ]
        return sorted(found, key=lambda row: (-row["reverted"], row["stream_id"]))[:_TOP]

    def active(self) -> Rows:
        events, lost, streams = Counter[str](), Counter[str](), defaultdict[str, set[Cid]](set)
        for stream, item in self._items():
            if item.reason is None and item.event.kind is not Kind.TIME:
                who = _controller(stream)
                events[who] += 1
                lost[who] += item.event.cid not in stream.log
                streams[who].add(stream.stream)
        return [
            {"controller": who, "events": number, "streams": len(streams[who]), "reverted": lost[who]}
            for who, number in _ranked(events)
        ]

    def begun(self) -> Rows:
        found: Counter[tuple[str | None, str | None]] = Counter()
        for stream in self.by_id.values():
            if _type(stream) == MODEL_INSTANCE:
                first, _last = anchor_range(stream)
                day = None if first is None else _moment(first)[:10]
                found[self.names.get(_model(stream) or ""), day] += 1
        rows = [{"model": name, "day": day, "documents": count} for (name, day), count in found.items()]
        return sorted(
            rows, key=lambda row: (row["day"] is None, row["day"], row["model"] is None, row["model"])
        )

    def refused(self) -> Rows:
        events, streams = Counter[str](), defaultdict[str, set[str]](set)
        for _outcome, code in verdicts(self.decoded, self.streams).values():
            if code is not None:
                events[code] += 1
        for stream, item in self._judged():
            if item.reason is not None:
                streams[item.reason.value].add(str(stream.stream_id))
        rows = []
        for code, number in sorted(events.items(), key=lambda pair: (-pair[1], pair[0])):
            reason = BY_CODE[code]
            head = {"verdict": reason.outcome.value, "layer": reason.layer.value, "reason": code}
            rows.append({**head, "events": number, "streams": len(streams[code])})
        return rows

    def expiring(self) -> Rows:
        found = defaultdict[tuple[Any, ...], list[int]](list)
        for stream, item in self._items():
            if item.expires_at is not None and item.expires_at < _WEEK_END.timestamp():
                found[str(item.event.capability), item.event.signer, _controller(stream)].append(
                    item.expires_at
                )
        ordered = sorted(found.items(), key=lambda pair: (min(pair[1]), pair[0][0]))
        return [
            {
                "capability": capability,
                "signer": signer,
                "controller": controller,
                "events": len(times),
                "first_expires_at": _moment(min(times)),
            }
            for (capability, signer, controller), times in ordered
        ]

    def history(self) -> Rows:
        stream = self.by_id[STREAM]
        items = [item for _stream, item in self._items() if _stream is stream]
        return [
            {
                "event_height": item.height,
                "event_type": int(item.event.kind is Kind.TIME),
                "signer": item.event.signer,
                "anchored_at": _moment(stream.anchored.get(item.event.cid)),
                "canonical": item.event.cid in stream.log,
                "content": to_json(item.state.content) if item.state else None,
            }
            for item in sorted(items, key=lambda item: (item.height, item.event.cid))
        ]

    def at_a_time(self) -> Rows:
        stream, found = self.by_id[STREAM], []
        for height, cid in enumerate(stream.log):
            proven, state = stream.anchored.get(cid), stream.judged[cid].state
            if proven is not None and proven <= _THEN.timestamp() and state is not None:
                row = {"event_height": height, "anchored_at": _moment(proven)}
                found = [{**row, "content": to_json(state.content)}]
        return found

    def relations(self) -> Rows:
        found = defaultdict[tuple[str, str, str], list[str]](list)
        for stream in self.by_id.values():
            model = _model(stream) or ""
            definition = self.by_id.get(model)
            if definition is None or _type(definition) != MODEL:
                continue
            for name in _content(definition).get("relations") or ():
                content = _content(stream)
                target = content.get(name) if isinstance(content, Mapping) else None
                other = self.by_id.get(target) if isinstance(target, str) else None
                if other is not None and (_model(other) or "") in self.names:
                    found[self.names[model], name, self.names[_model(other) or ""]].append(str(target))
        rows = [
            {
                "from_model": one,
                "property": name,
                "to_model": other,
                "documents": len(ends),
                "targets": len(set(ends)),
            }
            for (one, name, other), ends in found.items()
        ]
        return sorted(
            rows, key=lambda row: (-row["documents"], row["from_model"], row["property"], row["to_model"])
        )

    def editors(self) -> Rows:
        edits, granted = Counter[tuple[Any, str]](), Counter[tuple[Any, str]]()
        streams = defaultdict[tuple[Any, str], set[Cid]](set)
        for stream in self.by_id.values():
            for cid in stream.log[1:]:
                event = stream.judged[cid].event
                if event.kind is Kind.DATA:
                    who = event.signer, _controller(stream)
                    edits[who] += 1
                    granted[who] += event.capability is not None
                    streams[who].add(stream.stream)
        return [
            {
                "signer": who[0],
                "controller": who[1],
                "edits": number,
                "documents": len(streams[who]),
                "under_sessions": granted[who],
            }
            for who, number in _ranked(edits)
        ]

    def _judged(self) -> Iterator[tuple[StreamHistory, Judged]]:
        for stream in self.streams.values():
            for item in stream.judged.values():
                yield stream, item

    def _items(self) -> Iterator[tuple[StreamHistory, Judged]]:
        """The events of the event tables: valid ones, and those that their model alone refuses."""
        for stream, item in self._judged():
            if stream.header and (item.reason is None or item.reason.layer is Layer.STATE):
                yield stream, item


def _ranked(counter: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOP]


def _type(stream: StreamHistory) -> int:
    return stream.stream_id.stream_type


def _content(stream: StreamHistory) -> Any:
    state = stream.judged[stream.log[-1]].state
    return to_json(state.content) if state else None


def _model(stream: StreamHistory) -> str | None:
    return str(stream.header.model) if stream.header and stream.header.model else None


def _controller(stream: StreamHistory) -> str:
    assert stream.header is not None
    return stream.header.controller


def _moment(stamp: int | None) -> Any:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC).isoformat().replace("+00:00", "Z")
