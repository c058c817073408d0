"""Anchors through an existing anchor service, over its HTTP API (consensus.md 2.7)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ceramic_node.anchoring.errors import AnchorTroubleError, Trouble
from ceramic_node.anchoring.ports import (
    Absent,
    Batch,
    Leaf,
    Order,
    Pace,
    Progress,
    Refused,
    Settled,
    Waiting,
)
from ceramic_node.anchoring.remote_answers import (
    Answer,
    Status,
    check_taken,
    judge,
    read_answer,
    read_witness,
)
from ceramic_node.anchoring.remote_http import AnchorApi
from ceramic_node.anchoring.remote_requests import Events, car_request, json_request
from ceramic_protocol.errors import EncodeError, UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import (
    CAS_PAUSE_SECONDS,
    MAX_ANCHOR_LEAVES,
    MAX_CAS_AGE_SECONDS,
    MAX_CAS_BATCHES,
    MAX_CAS_PAUSE_SECONDS,
)
from ceramic_protocol.merkle import Shape
from ceramic_protocol.networks import Network
from ceramic_protocol.ports import Chain

_AGENT: Final = "ceramic-streams"


class RemoteAnchorer:
    """Asks a service, in one of two ways.

    As js-ceramic does: every event is a request of its own, under its stream. Or as ceramic-one does: events
    are batched here, and one request under the node's own stream has the batch's root anchored.

    The service knows a request by its CID and takes it once, so sending it again does no harm. What it
    answers counts when `chain` bears it out.
    """

    def __init__(
        self,
        api: AnchorApi,
        chain: Chain,
        *,
        stream: StreamId | None = None,
        events: Events | None = None,
        network: Network | None = None,
        pause: float = CAS_PAUSE_SECONDS,
        oldest: float = MAX_CAS_AGE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the service and who vouches for what it says.

        Args:
            api: the service.
            chain: tells whether a transaction is there.
            stream: under which batches are requested, see `node_stream`; None: each event under its own.
            events: what is sent along, as a CAR; None: requests in JSON, where the service has to find the
                stream by itself.
            network: whose chains count; None: any that `chain` can tell of.
            pause: seconds until a request is asked for.
            oldest: seconds after which a request is given up.
            clock: tells unix seconds.

        Raises:
            UsageError: `events` with `stream`: a batch's root has none.
        """
        if events is not None and stream is not None:
            raise UsageError("requests for whole batches bring no events along")
        self._api, self._chain = api, chain
        self._stream, self._events = stream, events
        self._network = network
        self._pause, self._oldest = pause, oldest
        self._clock = clock

    @property
    def name(self) -> str:
        """The service, and in which way it is asked."""
        return f"{self._api.name} for " + ("each event" if self._stream is None else f"{self._stream}")

    @property
    def pace(self) -> Pace:
        """Many requests for one event each; or one batch after the other.

        The service lets a newer request of a stream replace the one before. All batches have the same stream,
        so a second one would displace the first.
        """
        leaves, batches = (1, MAX_CAS_BATCHES) if self._stream is None else (MAX_ANCHOR_LEAVES, 1)
        longest = max(self._pause, MAX_CAS_PAUSE_SECONDS)
        return Pace(Shape.MMR, leaves, batches, self._pause, longest, self._oldest)

    def prepare(self, batch: Batch, mine: Sequence[Order], others: Iterable[Order]) -> Order:
        """See `Anchorer`."""
        del mine, others
        leaf, now = self._wanted(batch), self._clock()
        body = self._body(leaf, now)
        return Order(bytes(batch.root), body, now)

    def submit(self, order: Order) -> None:
        """See `Anchorer`. What the service answers is asked for again by `look`."""
        check_taken(*self._api.post(order.body))

    def look(self, batch: Batch, orders: Sequence[Order]) -> Progress:
        """See `Anchorer`."""
        del orders
        wanted = self._wanted(batch)
        answer = read_answer(*self._api.get(str(wanted.tip)), wanted)
        if answer is None:
            return Absent("the service doesn't know of the request")
        if answer.status is Status.COMPLETED:
            return self._completed(answer, wanted)
        if answer.status is Status.FAILED:
            return Refused(Trouble.REQUEST_FAILED, answer.message)
        if answer.status is Status.REPLACED and self._stream is not None:
            return Refused(
                Trouble.REQUEST_FAILED, f"another request of this node has come between: {answer.message}"
            )
        if answer.status is Status.REPLACED:
            return Refused(Trouble.REQUEST_REPLACED, answer.message)
        return Waiting(f"{answer.status.value}: {answer.message}")

    def close(self) -> None:
        """Close what connections there are."""
        self._api.close()

    def _completed(self, answer: Answer, wanted: Leaf) -> Progress:
        found = judge(read_witness(answer, wanted), self._chain, self._network)
        if isinstance(found, Settled):
            return found
        return Waiting(f"{found.reason.value}: {found.detail}")

    def _body(self, leaf: Leaf, now: float) -> bytes:
        if self._events is None:
            return json_request(leaf, now, _AGENT)
        try:
            return car_request(leaf, now, self._events(leaf))
        except EncodeError as error:
            raise AnchorTroubleError(Trouble.EVENT_UNREADABLE, str(error)) from None

    def _wanted(self, batch: Batch) -> Leaf:
        if self._stream is not None:
            return Leaf(self._stream, batch.root)
        if batch.only is None:
            raise UsageError("the service is asked for each event, and a batch has several")
        return batch.only
