"""The rules from CAR bytes to histories in the shortest form, as a stand-in for a real pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import collect_models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged, StreamHistory, unresolved
from ceramic_protocol.ids import METAMODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.placing import ends_of, judge_unplaced, streams_of
from ceramic_protocol.ports import Chain
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.verify import Verifier
from tests.support.judging import rules


@dataclass(slots=True)
class Decoded:
    """Events that could be read, by stream, those of no known stream, and those that couldn't be read.

    The latter by the CID that the source claims.
    """

    streams: dict[Cid, EventSet] = field(default_factory=dict)
    unplaced: EventSet = field(default_factory=EventSet)
    invalid: dict[str, InvalidEvent] = field(default_factory=dict)

    @property
    def events(self) -> dict[Cid, CheckedEvent]:
        """Every event of a known stream."""
        return {cid: event for known in self.streams.values() for cid, event in known.events.items()}


def read(cars: Mapping[str, bytes], chain: Chain) -> Decoded:
    """Decode and verify the events in CARs, which come with the CID that their source claims."""
    found = Decoded()
    for claimed, car in cars.items():
        event = decode_event(car)
        if isinstance(event, InvalidEvent):
            found.invalid[claimed] = event
        else:
            checked = Verifier(chain).verify(event)
            stream = checked.stream
            known = found.unplaced if stream is None else found.streams.setdefault(stream, EventSet())
            known.add(checked)
    _place(found)
    return found


def _place(found: Decoded) -> None:
    """Give time events without `id` their streams."""
    known, unplaced = found.events, found.unplaced.events
    ends = ends_of({cid: event.prev for cid, event in unplaced.items() if event.prev is not None})
    told = {end: known[end].stream for end in ends.values() if end in known}
    streams = streams_of(ends, {end: stream for end, stream in told.items() if stream is not None})
    for cid, stream in streams.items():
        found.streams[stream].add(unplaced.pop(cid)._replace(stream=stream))


def judged_alone(decoded: Decoded) -> dict[Cid, Judged]:
    """The verdicts on events of no known stream."""
    return {cid: judge_unplaced(event) for cid, event in decoded.unplaced.events.items()}


def histories(decoded: Decoded, tie_break: TieBreak = TieBreak.JS) -> dict[Cid, StreamHistory]:
    """Every stream's history, with what is known of the events of other streams."""
    everything = decoded.events.keys()

    def judge(stream: Cid, context: Context) -> StreamHistory:
        known = decoded.streams[stream]
        links = ((event.cid, event.prev) for event in known.events.values())
        foreign = unresolved(stream, links) & everything
        return evaluate(stream, known, rules(tie_break), context, foreign)

    context = known_of(decoded, judge)
    return {stream: judge(stream, context) for stream in decoded.streams}


def known_of(decoded: Decoded, judge: Callable[[Cid, Context], StreamHistory]) -> Context:
    """All models and documents."""
    inits = [event for event in decoded.events.values() if event.kind is Kind.INIT and event.model]
    models = {event.cid: event.payload for event in inits if event.model == METAMODEL}
    streams = {StreamId.of(MODEL_INSTANCE, event.cid): event.model for event in inits}
    links = {stream: Linked.of(stream, model) for stream, model in streams.items()}
    return Context(collect_models(models, judge), links)


def verdicts(decoded: Decoded, judged: Mapping[Cid, StreamHistory]) -> dict[str, tuple[str, str | None]]:
    """Outcome and reason code of every event, by the CID's text."""
    found: dict[str, tuple[str, str | None]] = {
        cid: (event.reason.outcome.value, event.reason.value) for cid, event in decoded.invalid.items()
    }
    for items in (judged_alone(decoded), *(history.judged for history in judged.values())):
        for cid, item in items.items():
            found[str(cid)] = item.outcome.value, item.reason.value if item.reason else None
    return found
