"""Which events are looked at again in every increment: more may be known of them than before.

Time events that were not proven, and what contract wallets have signed, are asked about again where somebody
can be asked. Time events that tell no stream are placed again. What was proven once stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_protocol.checked import Kind
from ceramic_protocol.ports import NoChain, NoContracts
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import Verifier

REOPENED_COLUMNS: Final = ("stream_cid", "kind", "reason")
"""Columns of `CHECKED_EVENTS` that tell whether an event is looked at again."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """Which rows of `CHECKED_EVENTS` are looked at again.

    `chain` and `contracts` say whether there is a chain, or endpoints for contract wallets, to ask.
    """

    chain: bool
    contracts: bool

    @classmethod
    def by(cls, verifier: Verifier) -> Self:
        """What a verifier could say more of."""
        return cls(not isinstance(verifier.chain, NoChain), not isinstance(verifier.contracts, NoContracts))

    def to_check(self, batch: pa.RecordBatch) -> pa.Array:
        """Whose own checks are made again: a mask."""
        reasons = batch.column("reason")
        times = pc.and_(pc.equal(batch.column("kind"), pa.scalar(int(Kind.TIME), pa.uint8())), self.chain)
        signed = pc.and_(
            pc.fill_null(pc.equal(reasons, Reason.CACAO_CONTRACT_UNKNOWN.value), fill_value=False),
            self.contracts,
        )
        return pc.and_(pc.is_valid(reasons), pc.or_(times, signed))

    def all(self, batch: pa.RecordBatch) -> pa.Array:
        """All that are looked at again: a mask."""
        return pc.or_(self.to_check(batch), pc.is_null(batch.column("stream_cid")))

    def without(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The other rows of a batch."""
        return batch.filter(pc.invert(self.all(batch)))
