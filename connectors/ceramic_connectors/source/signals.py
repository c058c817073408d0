"""What a source is told to do by a topic, in Debezium's form: pause, resume, write a model's states again.

A record's key is the name of the source, its value JSON such as
`{"id": "1", "type": "execute-snapshot", "data": {"data-collections": ["kjzl…"]}}`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, Self

import orjson

from ceramic_connectors.kafka.port import Kafka, Partition, Received
from ceramic_connectors.source.origin import Feed
from ceramic_connectors.source.position import Again, Position
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_MODELS_AGAIN, MAX_QUOTED_CHARS, SIGNAL_LOOK_SECONDS
from ceramic_protocol.plain_text import plain

PAUSE: Final = "pause"
RESUME: Final = "resume"
SNAPSHOT: Final = "execute-snapshot"


class SignalError(ValueError):
    """A signal makes no sense; what is wrong with it."""


class Signals:
    """Reads the signals for one source."""

    def __init__(self, kafka: Kafka, topic: str, name: str, offset: int, tell: Callable[[str], None]) -> None:
        self._name = name.encode()
        self._tell = tell
        self._partition = Partition(topic, 0)
        self._looked = 0.0
        self._consumer = kafka.consumer()
        self._consumer.assign({self._partition: offset or None})

    def obey(self, position: Position) -> Position:
        """The position with what signals have changed in it; looks for new ones now and then."""
        if time.monotonic() < self._looked + SIGNAL_LOOK_SECONDS:
            return position
        found = self._consumer.poll(0.0)
        self._looked = time.monotonic()
        for record in found:
            position = replace(position, signals=record.offset + 1)
            if record.key == self._name:
                position = self._obeyed(record, position)
        return position

    def _obeyed(self, record: Received, position: Position) -> Position:
        try:
            after = obeyed(record.value, position)
        except SignalError as error:
            self._tell(f"signal {record.offset} is left out: {error}")
            return position
        self._tell(f"signal {record.offset} is obeyed")
        return after

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._consumer.close()


def obeyed(value: bytes | None, position: Position) -> Position:
    """The position with what a signal changes in it.

    Raises:
        SignalError: it makes no sense.
    """
    signal = _parsed(value)
    kind = signal.get("type")
    if kind == PAUSE:
        return replace(position, is_paused=True)
    if kind == RESUME:
        return replace(position, is_paused=False)
    if kind == SNAPSHOT:
        return _again(signal.get("data"), position)
    told = plain(str(kind), MAX_QUOTED_CHARS)
    raise SignalError(f"there is no type {told!r}; there are {PAUSE}, {RESUME} and {SNAPSHOT}")


def _parsed(value: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise SignalError('it is no JSON object such as {"id": "1", "type": "pause"}')
    return found


def _again(data: Any, position: Position) -> Position:
    if Feed.CHANGES not in position.places:
        raise SignalError("this source writes no states")
    models = data.get("data-collections") if isinstance(data, dict) else None
    if not isinstance(models, list) or not models:
        raise SignalError('its data has to name models: {"data-collections": ["kjzl…"]}')
    known = {each.model for each in position.again}
    new = [model for model in dict.fromkeys(_models(models)) if model not in known]
    if len(known) + len(new) > MAX_MODELS_AGAIN:
        raise SignalError(f"more than {MAX_MODELS_AGAIN} models would be written again")
    return replace(position, again=(*position.again, *map(Again, new)))


def _models(texts: Iterable[Any]) -> Iterable[str]:
    for text in texts:
        try:
            yield str(StreamId.parse(str(text)))
        except IdentifierError as error:
            raise SignalError(str(error)) from None
