"""When a capability runs out: js-ceramic's checks of the signature, and of the log as it is read again."""

from __future__ import annotations

from typing import Any

import pytest

from ceramic_protocol.accounts.access import check_moment
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules
from tests.support import capabilities, signing, vectors
from tests.support.capabilities import Wallet, iso
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT
from tests.support.signing import ed25519

ROWS: list[dict[str, Any]] = (
    vectors.consensus("cacao_time.json")["rows"] if "cacao_time.json" in vectors.names("consensus") else []
)
WALLET, SESSION = Wallet(), ed25519(7)
OK = "ok"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_both_checks(row: dict[str, Any]) -> None:
    until = None if row.get("exp") is None else iso(row["exp"])
    starts = iso(row["iat"]) if "iat" in row else iso(1_600_000_000)
    capability = WALLET.grant(SESSION, issued_at=starts, expires_at=until)
    init = capabilities.init(WALLET, SESSION, capability)
    chain = KnownChain()
    stamp = row["anchor_timestamp"]
    anchors = [] if stamp is None else [signing.time(init, init, chain, stamp)]
    now = row.get("now", stamp)
    rules = Rules(now * 1000)
    checked = init.check()
    assert checked.grant is not None
    at = (now if stamp is None else stamp) * 1000
    assert (check_moment(checked.grant, at, rules.terms) is None) is (row["apply_time_check"] == OK)
    history = evaluate(
        init.cid, EventSet.of(event.check(chain) for event in (init, *anchors)), rules, CONTEXT
    )
    is_good = row["apply_time_check"] == row.get("stored_state_check", OK) == OK
    assert (history.judged[init.cid].reason is None) is is_good
    assert is_good or history.reason in {Reason.CACAO_EXPIRED, Reason.CACAO_NOT_YET_VALID}
