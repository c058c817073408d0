"""What a store knows of other streams: looked up when a stream's rules ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models, collect_models, content_of
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import METAMODEL, StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.models.context_needs import interfaces
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.reasons import Finding
from ceramic_protocol.store_port import EventStore


def surroundings(store: EventStore, evaluate: Callable[[Cid, Context], StreamHistory]) -> Context:
    """Other streams as a store knows them, each looked up once: made for one piece of work, not to be kept.

    Args:
        store: the store.
        evaluate: evaluates a model's stream, given what is known of its interfaces.
    """
    return Context(_KnownModels(store, evaluate), _KnownStreams(store))


class _KnownModels(Mapping[StreamId, ModelDefinition | Finding]):
    """Models, judged when they are first asked for, and their interfaces before them."""

    def __init__(self, store: EventStore, evaluate: Callable[[Cid, Context], StreamHistory]) -> None:
        self._store = store
        self._evaluate = evaluate
        self._found: Models = {}
        self._missing: set[StreamId] = set()

    def __getitem__(self, model: StreamId) -> ModelDefinition | Finding:
        if model not in self._found and model not in self._missing:
            self._found |= collect_models(self._with_interfaces(model), self._evaluate)
            self._missing |= {model} - self._found.keys()
        return self._found[model]

    def __iter__(self) -> Iterator[StreamId]:
        """Those that were asked for so far."""
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _with_interfaces(self, model: StreamId) -> dict[Cid, bytes]:
        """The payloads of a model and of all that it builds on, as far as they are there."""
        payloads: dict[Cid, bytes] = {}
        wanted = [model]
        while wanted:
            cid = wanted.pop().cid
            if cid not in payloads:
                payload = self._payload(cid)
                if payload is not None:
                    payloads[cid] = payload
                    wanted.extend(interfaces(content_of(payload)))
        return payloads

    def _payload(self, cid: Cid) -> bytes | None:
        stored = self._store.event(cid)
        return stored.checked.payload if stored is not None and stored.checked.model == METAMODEL else None


class _KnownStreams(Mapping[StreamId, Linked]):
    """Streams that documents refer to."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._found: dict[StreamId, Linked] = {}

    def __getitem__(self, stream: StreamId) -> Linked:
        if stream not in self._found:
            stored = self._store.event(stream.cid)
            if stored is None:
                raise KeyError(stream)
            self._found[stream] = Linked.of(stream, stored.checked.model)
        return self._found[stream]

    def __iter__(self) -> Iterator[StreamId]:
        """Those that were asked for so far."""
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
