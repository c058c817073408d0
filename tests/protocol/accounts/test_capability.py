"""What is remembered of capabilities, and how large they may be."""

from __future__ import annotations

from dataclasses import replace

from ceramic_protocol.accounts.capability import STRICT
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.limits import MAX_CAPABILITY_BYTES
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support import capabilities
from tests.support.capabilities import Wallet
from tests.support.judging import CONTEXT, RULES
from tests.support.signing import ed25519

WALLET, SESSION = Wallet(), ed25519(3)


def test_a_large_capability_is_none() -> None:
    large = WALLET.grant(SESSION, resources=tuple(f"ceramic://{n}" for n in range(2000)))
    block = large.encode()
    assert len(block) > MAX_CAPABILITY_BYTES
    finding = STRICT.look_at(Cid.of(block), block, NoContracts()).finding
    assert finding is not None
    assert finding.reason is Reason.CACAO_MALFORMED


def test_a_cache_keeps_what_was_used_last_by_number_and_weight() -> None:
    cache: BoundedCache[str, int] = BoundedCache(3, 10)
    for number, key in enumerate("abc"):
        cache.put(key, number, 3)
    assert cache.get("a") == 0
    cache.put("d", 3, 3)
    assert [cache.get(key) for key in "abcd"] == [0, None, 2, 3]
    cache.put("e", 4, 8)
    assert [cache.get(key) for key in "acde"] == [None, None, None, 4]
    cache.put("e", 5, 1)
    cache.put("f", 6, 9)
    assert (cache.get("e"), cache.get("f"), len(cache)) == (5, 6, 2)
    cache.put("g", 7, 11)
    assert len(cache) == 0


def test_grants_travel_whole() -> None:
    grant = Grant("did:pkh:x", ("a", "b"), None, 5, "eip191", is_delegated=True, flaw="x y")
    assert Grant.from_bytes(grant.to_bytes()) == grant


def test_mixed_rules_let_nobody_in() -> None:
    """What one profile takes for later is no grant by another one's rules."""
    init = capabilities.init(WALLET, SESSION, WALLET.grant(SESSION))
    forged = replace(WALLET.grant(SESSION), signature="00" * 65)
    event = capabilities.data(SESSION, forged, init, init, [])
    for checking in Profile:
        verifier = Verifier(profile=checking)
        known = EventSet.of([verifier.verify(init.decode()), verifier.verify(event.decode())])
        for judging in Profile:
            history = evaluate(init.cid, known, Rules(RULES.at, profile=judging), CONTEXT)
            assert history.judged[event.cid].reason is not None, (checking, judging)


def test_an_event_without_its_grant_is_refused() -> None:
    init = capabilities.init(WALLET, SESSION, WALLET.grant(SESSION)).check()
    for profile in Profile:
        known = EventSet.of([init._replace(grant=None)])
        assert evaluate(init.cid, known, Rules(RULES.at, profile=profile), CONTEXT).tip is None


def test_reports_that_differ_in_the_grant_join_in_any_order() -> None:
    plain = CheckedEvent(Cid.of(b"e"), Cid.of(b"s"), Kind.DATA, None, b"", capability=Cid.of(b"c"))
    granted = [plain._replace(grant=Grant(name, (), 0, None, "eip191")) for name in ("a", "b")]
    reports = [plain, *granted]
    for first in reports:
        for second in reports:
            assert EventSet.of([first, second]) == EventSet.of([second, first])
