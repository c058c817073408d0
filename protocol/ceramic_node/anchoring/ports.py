"""What anchors: one port for chains that are written to and for services that do that for others.

A Merkle root is anchored by an *order*: the bytes of a signed transaction, or of a request to a service. An
order is kept before it is sent for the first time, and what is sent again is the very same bytes. So a crash
can't make two of one: the other side knows the order, by its nonce or by its CID, and takes it only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from ceramic_node.anchoring.errors import Trouble
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Proof
from ceramic_protocol.ids import StreamId
from ceramic_protocol.merkle import Above, Shape


class Leaf(NamedTuple):
    """An event to be anchored, and the stream that it is the tip of."""

    stream: StreamId
    tip: Cid


@dataclass(frozen=True, slots=True)
class Batch:
    """Events under one Merkle root. `only` is the event of a batch that has one; times are unix seconds."""

    number: int
    root: Cid
    shape: Shape
    made_at: float
    only: Leaf | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What is sent to have a root anchored.

    `key` names it at the other side: a transaction's hash, or the root's CID. `terms` are numbers that a
    later order has to know of, such as nonce and fee.
    """

    key: bytes
    body: bytes = field(repr=False)
    made_at: float
    terms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """It may still be anchored by an order that is there."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """The other side doesn't know of any order (any more): they have to be sent again, as they are."""

    detail: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """It takes too long: a better order beside those that are there may help. At most one takes effect."""

    detail: str


@dataclass(frozen=True, slots=True)
class Void:
    """No order that is there will ever take effect, which is final: another one is needed."""

    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will never anchor it."""

    trouble: Trouble
    detail: str


@dataclass(frozen=True, slots=True)
class Settled:
    """It is anchored, which is final. `above` leads from the proof's root to the batch's."""

    proof: Proof
    above: Above


Progress: TypeAlias = Waiting | Absent | Stuck | Void | Refused | Settled


@dataclass(frozen=True, slots=True)
class Pace:
    """How an anchorer wants to be used.

    Attributes:
        shape: of the trees.
        leaves: events in one batch, at most.
        batches: batches under way at once, at most.
        pause: seconds until a batch is looked at again; each further time twice as many.
        longest_pause: up to so many.
        oldest: seconds after which a batch is given up; None: never.
    """

    shape: Shape
    leaves: int
    batches: int
    pause: float
    longest_pause: float
    oldest: float | None = None


class Anchorer(Protocol):
    """Anchors roots. A method that can't do its work just now raises `OutsideError`, and is called again."""

    @property
    def name(self) -> str:
        """Whose orders these are: chain, contract and account, or service. A book serves one of them."""
        ...

    @property
    def pace(self) -> Pace:
        """How it wants to be used."""
        ...

    def prepare(self, batch: Batch, mine: Sequence[Order], others: Iterable[Order]) -> Order:
        """An order for a batch. Nothing is sent.

        Args:
            batch: what is to be anchored.
            mine: orders for it that may still take effect. The new one must exclude them.
            others: those for other batches. The new one must not get in their way.
        """
        ...

    def submit(self, order: Order) -> None:
        """Send an order, perhaps not for the first time, perhaps though it has taken effect already."""
        ...

    def look(self, batch: Batch, orders: Sequence[Order]) -> Progress:
        """What has become of a batch's orders, of which there is at least one."""
        ...


class Anchored(NamedTuple):
    """A time event: the proof of when `tip` was there."""

    stream: StreamId
    tip: Cid
    event: BuiltEvent


Sink: TypeAlias = Callable[[Sequence[Anchored]], None]
"""Takes finished time events for good, at most `MAX_BATCH_EVENTS` at once. If it raises, or this program ends
before that is noted, it gets the same ones again, with the same CIDs."""
