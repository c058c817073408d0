"""Events of every sort that an increment can meet late: models, relations, anchors, streams, capabilities."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import Transaction
from tests.support import capabilities, signing
from tests.support.capabilities import Wallet, iso
from tests.support.increments import NOW
from tests.support.late_set import LateSet
from tests.support.signing import Made, ed25519

_WEEKS: Final = 12
_ANCHORED: Final = 1_700_000_000


class MixedSet:
    """CARs by the text of a CID, or of none where there is no event, and the chain of their anchors."""

    def __init__(self, seed: int, *, models: int = 4, documents: int = 4, sessions: int = 24) -> None:
        """Make them.

        Args:
            seed: what all follows from.
            models: models with documents that link, fork and are anchored.
            documents: of each model.
            sessions: streams under capabilities that begin and end in the last weeks before `NOW`.
        """
        late = LateSet(seed, models=models, documents=documents)
        self._chain = late.chain
        self._chance = random.Random(seed)
        self.cars: dict[str, bytes] = dict(late.cars)
        for number in range(sessions):
            self._add_session(number)
            self._add_old_anchors(number)
        for number in range(5):
            self.cars[f"no CID {number}"] = self._chance.randbytes(40)
            self.cars[str(Cid.of(b"%d" % number))] = self._chance.randbytes(40)

    @property
    def chain(self) -> dict[str, dict[bytes, Transaction]]:
        """The transactions by chain and hash."""
        found: dict[str, dict[bytes, Transaction]] = {}
        for (name, key), transaction in self._chain.transactions.items():
            found.setdefault(name, {})[key] = transaction
        return found

    def _add(self, *made: Made) -> None:
        self.cars.update({str(each.cid): each.car for each in made})

    def _moment(self) -> str:
        moment: datetime = NOW - timedelta(days=self._chance.randrange(7 * _WEEKS) - 7)
        return iso(int(moment.timestamp()))

    def _add_session(self, number: int) -> None:
        wallet, key = Wallet(1 + number % 3), ed25519(1000 + number)
        times: dict[str, object] = {}
        if self._chance.random() < 0.5:
            times["not_before"] = self._moment()
        if self._chance.random() < 0.8:
            times["expires_at"] = self._moment()
        capability = wallet.grant(key, **times)
        init = capabilities.init(wallet, key, capability, None)
        patch = [{"op": "add", "path": "/a", "value": number}]
        change = capabilities.data(key, capability, init, init, patch)
        self._add(init, change)
        if self._chance.random() < 0.4:
            self._add(signing.time(init, change, self._chain, int(NOW.timestamp()) - 86_400 * 40))

    def _add_old_anchors(self, number: int) -> None:
        """Time events without `id` on each other, now and then on an event that never comes."""
        init = signing.init(ed25519(2000 + number), None, model=None, unique=number.to_bytes(4, "big"))
        first = signing.time(None, init, self._chain, _ANCHORED + number)
        second = signing.time(None, first, self._chain, _ANCHORED + 1000 + number)
        third = signing.time(init, second, self._chain, _ANCHORED + 2000 + number)
        self._add(first, second, third)
        if number % 4:
            self._add(init)
