"""The short form of the campaign of changed capabilities, and capabilities made to be slow or large."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts import access, capability
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.limits import MAX_CAPABILITY_BYTES
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules
from tests.fuzz import capability_cases, capability_mutations
from tests.fuzz.capability_cases import START, Attempt, Case, make
from tests.fuzz.same_grant import differences
from tests.support import capability_mutation, mutation, signing
from tests.support.capability_mutation import check_capability_mutations, trial_of
from tests.support.judging import CONTEXT

CASES = capability_cases.cases()


def test_mutated_capabilities() -> None:
    figure = check_capability_mutations(3000, 1)
    assert figure.startswith("3,000 changed events under capabilities: 1,500 of the sample in 9 ways (block ")
    assert (
        f"1,500 signed again with the key of the session in {len(capability_mutations.WAYS)} ways" in figure
    )
    for ground in ("the event itself", "granted", "unknown members", "the other S", "letters of the address"):
        assert re.search(f"[0-9]+ accepted as {ground},", figure), ground


def test_the_sample_is_judged_when_it_is_valid() -> None:
    # Two of the 662 events under capabilities are cut short. The rest break rules, 4 of them rules on states
    # that aren't checked yet.
    changed, valid = capability_mutation.valid_events_of_sample()
    assert changed == 660
    assert valid >= 573


def test_every_case_is_valid_before_it_is_changed() -> None:
    kinds = {case.account.kind for case in CASES}
    assert len(kinds) == len(capability_cases.accounts()) == 13
    for case in CASES:
        assert answer_of(case, Attempt.of(case)) == "accepted as granted"


def answer_of(case: Case, attempt: Attempt) -> str:
    return mutation.check_trial(trial_of("", case, attempt, make(attempt)))


def _yes(*_arguments: object) -> None:
    return None


FAULTS: dict[str, tuple[str, Callable[..., object]]] = {
    "signatures are not checked": ("ceramic_protocol.accounts.capability.check_cacao_signature", _yes),
    "audiences are not compared": ("ceramic_protocol.profiles.strict.check_audience", _yes),
    "issuers are not compared": ("ceramic_protocol.profiles.strict.same_account", lambda *_: True),
    "resources are not compared": ("ceramic_protocol.profiles.strict.covers", lambda *_: True),
    "starts are not compared": ("ceramic_protocol.profiles.strict.check_moment", _yes),
    "ends are not compared": ("ceramic_protocol.writers.expires_at", _yes),
    "passkeys sign anything": ("ceramic_protocol.accounts.webauthn.check_client_data", _yes),
}


@pytest.mark.parametrize(("name", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_fault_would_be_noticed(
    name: str, fault: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_capability_mutations(2, 1)  # what is compared with, while all is well
    monkeypatch.setattr(name, fault)
    capability.STRICT.forget()
    try:
        with pytest.raises(AssertionError, match=r"of seed 1, (made|sample)"):
            check_capability_mutations(6000, 1)
    finally:
        capability.STRICT.forget()


def case_of(kind: str) -> Case:
    return next(case for case in CASES if case.account.kind == kind and case.target is not None)


def changed(kind: str, **members: Any) -> list[str] | None:
    """How a capability with other members differs, if it is the same grant."""
    case = case_of(kind)
    value = case.value | {"p": case.value["p"] | members}
    return differences(case.value, dagcbor.encode(value))


def test_what_is_the_same_grant() -> None:
    issuer = case_of("eip191").value["p"]["iss"]
    resources = case_of("eip191").value["p"]["resources"]
    assert changed("eip191") == []
    assert changed("eip191", statement="") == ["an empty text for none"]
    assert changed("eip191", iss=issuer[:-3] + issuer[-3:].upper()) == ["letters of the address"]
    assert changed("eip191", x=1, statement="") == ["an empty text for none", "unknown members"]
    assert changed("eip191", resources=["\n- ".join(resources), *[]]) in (
        [],
        ["resources that read the same"],
    )
    assert changed("eip191", resources=[*resources, "ceramic://*"]) is None
    assert changed("eip191", exp="2099-01-01T00:00:00.000Z") is None
    assert changed("eip191", nonce=None) is None
    assert changed("webauthn", x=1) is None
    assert changed("webauthn", statement="") is None
    assert changed("solana", iss=case_of("solana").value["p"]["iss"].lower()) is None


# Nearly a block; for what takes many objects it need only be long enough to show what each one costs.
_FULL = MAX_CAPABILITY_BYTES - 1500
_DENSE = _FULL // 2
_FAR_TOO_LARGE = 250_000


def lavish(kind: str, **members: Any) -> Case:
    """A case whose account has signed members of one's choice."""
    case = case_of(kind)
    signed = case.account.grant(case.session, **members)
    return replace(case, value=dagcbor.decode(signed.encode()), end=None)


SIGNED: dict[str, dict[str, object]] = {
    "resources": {"resources": ("",) * _DENSE},
    "identifiers": {"resources": ("ipfs://z" + "2" * 900,) * (_FULL // 911)},
    "a statement": {"statement": "\N{PILE OF POO}" * (_FULL // 4), "expires_at": None},
    "a request": {"request_id": " " * _FULL, "expires_at": None},
    "a time": {"issued_at": "2024-06-01T00:00:00." + "0" * _FULL + "Z", "expires_at": None},
    "an audience": {"audience": "did:key:z" + "2" * _FULL},
}


@pytest.mark.parametrize("kind", ["eip191", "eip1271", "solana", "tezos", "stacks", "webauthn"])
@pytest.mark.parametrize("name", SIGNED)
def test_signed_capabilities_of_the_largest_size(kind: str, name: str) -> None:
    case = lavish(kind, **SIGNED[name])
    found = answer_of(case, Attempt.of(case))
    is_granted = name in {"a statement", "a request", "a time"}
    assert found == ("accepted as granted" if is_granted else _REFUSED[name])


_REFUSED = {
    "resources": "cacao_model_not_covered",
    "identifiers": "cacao_model_not_covered",
    "an audience": "cacao_aud_mismatch",
}


def test_a_large_payload_is_hashed_once_for_many_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []

    def of(block: bytes) -> Cid:
        hashed.append(block)
        return Cid(b"\x01\x71\x12\x20" + bytes(32))

    monkeypatch.setattr(Cid, "of", of)
    grant = Grant("", ("ceramic://k?payload=",) * 3000, None, None, "eip191")
    assert not access.covers(grant, access.Stream("", "k", None), b"large")
    assert hashed == [b"large"]


def test_a_long_controller_is_not_quoted_as_a_whole() -> None:
    init = signing.init(signing.ed25519(), {}, controllers=["did:key:" + "x" * _FAR_TOO_LARGE]).check()
    judged = evaluate(init.cid, EventSet.of([init]), Rules(START * 1000), CONTEXT).judged[init.cid]
    assert judged.reason is Reason.SIGNER_NOT_CONTROLLER
    assert len(judged.detail or "") < 1000


def deep(value: Any, depth: int = 120) -> Any:
    for _ in range(depth):
        value = [value]
    return value


UNSIGNED: dict[str, Callable[[Any], object]] = {
    "members": lambda value: value["p"].update({f"{n:x}": 0 for n in range(_DENSE // 4)}),
    "parents in lists in lists": lambda value: value.update(prf=deep([[[]]] * (_DENSE // 2), 100)),
    "a parent": lambda value: value["p"].update(prf="x" * _FULL),
    "a type of header": lambda value: value["h"].update(t="x" * _FULL),
    "a type of signature": lambda value: value["s"].update(t="x" * _FULL),
    "a signature": lambda value: value["s"].update(s="1" * _FULL),
    "an issuer": lambda value: value["p"].update(iss="did:pkh:eip155:1:0x" + "0" * _FULL),
    "a key as issuer": lambda value: value["p"].update(iss="did:key:z" + "2" * _FULL),
    "metadata": lambda value: value["s"].update(m={"aad": b"\x99\xff\xff" + b"\xa0" * 0xFFFF}),
    "client data": lambda value: value["s"].update(
        m={"aad": dagcbor.encode({"authData": bytes(100_000), "clientDataJSON": b"[" * 100_000})}
    ),
    "numbers in client data": lambda value: value["s"].update(
        m={"aad": dagcbor.encode({"authData": b"", "clientDataJSON": b"9" * 16_000})}
    ),
}


@pytest.mark.parametrize("kind", ["eip191", "tezos", "webauthn"])
@pytest.mark.parametrize("change", UNSIGNED.values(), ids=UNSIGNED)
def test_changed_capabilities_of_the_largest_size(kind: str, change: Callable[[Any], object]) -> None:
    case = case_of(kind)
    attempt = Attempt.of(case)
    change(attempt.value)
    answer_of(case, attempt)


def test_a_capability_is_forgotten() -> None:
    case = case_of("solana")
    block = make(Attempt.of(case)).capability
    first = capability.STRICT.look_at(Cid.of(block), block, NoContracts())
    assert capability.STRICT.look_at(Cid.of(block), block, NoContracts()) is first
    capability.STRICT.forget()
    assert capability.STRICT.look_at(Cid.of(block), block, NoContracts()) is not first
