"""What must come of accounts and capabilities, whatever bytes they are given as."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from ceramic_protocol.accounts import capability, did, did_profiles, pkh
from ceramic_protocol.accounts.access import Stream, Terms, check_moment, covers
from ceramic_protocol.accounts.cacao import Cacao, decode_cacao, parse_time
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.accounts.did_document import did_document
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ports import NoContracts, RawEvent
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.fuzz.capability_cases import CONTRACTS, Attempt, Case, cases, make
from tests.fuzz.checks import SIGNED, check_message, decoded, parsed, text_of
from tests.support import corpus
from tests.support.judging import CONTEXT

_CACAO: Final = (Reason.CBOR_MALFORMED, Reason.CACAO_MALFORMED)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TERMS: Final = Terms(86_400, 300)
_NOBODY: Final = NoContracts()


def cacao(data: bytes) -> None:
    found = decoded(decode_cacao, data, *_CACAO)
    if isinstance(found, Cacao):
        assert found.encode() == data
        assert found.parent_hint is None or found.parent_hint.encode()
        for contracts in (_NOBODY, CONTRACTS):
            _check_finding(check_cacao_signature(found, contracts))


def _check_finding(finding: Finding | None) -> None:
    if finding is not None:
        check_message(finding.detail)


def whole_capability(data: bytes) -> None:
    named = Cid.of(data)
    seen = capability.STRICT.look_at(named, data, _NOBODY)
    _check_finding(seen.finding)
    again = capability.STRICT.look_at(named, data, _NOBODY)
    assert (again.audience, again.grant, again.finding) == (seen.audience, seen.grant, seen.finding)
    assert (seen.audience is None) == (seen.grant is None)
    if seen.grant is None:
        assert seen.finding is not None
    else:
        _check_grant(seen.grant)
        _check_finding(capability.check_audience(seen, "did:key:z"))


def _check_grant(grant: Grant) -> None:
    assert Grant.from_bytes(grant.to_bytes()) == grant
    for at in (-(10**15), 0, 1_717_200_000_000, 10**15):
        _check_finding(check_moment(grant, at, _TERMS))
    assert covers(grant, Stream("", "k", None), b"") <= any("ceramic://" in text for text in grant.resources)


def capability_event(data: bytes) -> None:
    """The bytes are a capability, under which the key of a session signs; every profile has a look."""
    case = next(case for case in cases() if case.target is not None)
    attempt = Attempt.of(case)
    attempt.block = data
    car = make(attempt).car
    for profile in ACCOUNT_RULES:
        checked = Verifier(contracts=CONTRACTS, profile=profile).check(RawEvent(car, None, "", 0))
        if isinstance(checked, InvalidEvent):
            check_message(checked.detail)
            continue
        assert checked.capability == Cid.of(data)
        assert checked.grant is None or Grant.from_bytes(checked.grant.to_bytes()) == checked.grant
        assert case.target is not None
        assert checked.stream is not None
        known = EventSet.of([case.target.init, checked])
        history = evaluate(checked.stream, known, Rules(attempt.at * 1000, profile=profile), CONTEXT)
        judged = history.judged[checked.cid]
        assert judged.reason is None or judged.outcome is not Outcome.VALID
        if judged.reason is not None:
            check_message(judged.detail)


def profile_event(data: bytes) -> None:
    """The bytes are a CAR; every profile has a look."""
    for profile in ACCOUNT_RULES:
        verifier = Verifier(corpus.chain(), CONTRACTS, profile)
        checked = verifier.check(RawEvent(data, None, "", 0))
        assert isinstance(checked, InvalidEvent) or checked.payload or checked.kind is Kind.TIME
        if checked.reason is not None:
            check_message(checked.detail)


def profile_envelope(data: bytes) -> None:
    """The bytes are an envelope, with a good capability wherever it names one."""
    case: Case = cases()[0]
    block = make(Attempt.of(case)).capability
    for rules in ACCOUNT_RULES.values():
        found = decoded(rules.decode_envelope, data, *SIGNED)
        if not isinstance(found, DecodeError):
            header = found.header
            if header.capability is not None:
                # What is remembered is remembered by the CID, which no other block can have.
                object.__setattr__(header, "capability", Cid.of(block))
                found = found._replace(capability_block=block)
            _check_finding(rules.check_signed(found, CONTRACTS).finding)


def time(data: bytes) -> None:
    moment = decoded(lambda given: parse_time(text_of(given)), data, Reason.CACAO_MALFORMED)
    if not isinstance(moment, DecodeError):
        if 0 <= moment < 253_370_764_800_000:
            shown = (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")
            assert parse_time(shown) == moment
        # Python reads the same, but for lower case and what is finer than it knows.
        usual = text_of(data).upper()
        parts = datetime.fromisoformat(usual) if "24:" not in usual else None
        assert parts is None or (parts - _EPOCH) // timedelta(milliseconds=1) == moment


def pkh_text(data: bytes) -> None:
    text = text_of(data)
    account = parsed(pkh.parse_pkh, text)
    if account is not None:
        assert f"did:pkh:{account.chain_id}:{account.address}" == text
        assert pkh.same_account(text, text)
        if account.namespace == pkh.EIP155:
            shown = pkh.checksum_address(account.address)
            assert pkh.same_account(text, f"did:pkh:{account.chain_id}:{shown}")
            assert pkh.checksum_address(shown.lower()) == shown


def did_texts(data: bytes) -> None:
    text = text_of(data)
    document = parsed(did_document, text)
    if document is not None:
        assert document["id"] == did.did_of(text)
        json.dumps(document).encode()
    for key in (did_profiles.js_key(text), did_profiles.ceramic_one_key(text)):
        assert key is None or key.data
    for resolves in (did_profiles.resolves_in_js, did_profiles.resolves_in_ceramic_one):
        assert resolves(text) in {True, False}


ACCOUNT_TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "cacao": cacao,
    "capability": whole_capability,
    "capability-event": capability_event,
    "profile-event": profile_event,
    "profile-envelope": profile_envelope,
    "time": time,
    "pkh": pkh_text,
    "did-document": did_texts,
}
