"""Accounts and capabilities that are good, or nearly: what a search starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ceramic_protocol import dagcbor
from tests.fuzz.capability_cases import Attempt, cases, make
from tests.fuzz.event_mutations import sample_of
from tests.support import corpus, vectors

_TIMES: Final = (
    *("2024-06-01T00:00:00.000Z", "2024-06-01t23:59:59z", "2024-02-29T12:00:00.123456789+23:59"),
    *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59.999-23:59", "2024-06-01", "1717200000", "never"),
    *("2023-02-29T00:00:00Z", "2024-06-01T24:00:00Z", "2016-12-31T23:59:60Z", "2024-06-01T00:00:00"),
)
_DOCUMENTS: Final = (
    "did:pkh:eth:0x2304139750e05ec48aaf81432c6cb68799bf3866",
    "did:pkh:tz:tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq",
    "did:pkh:sol:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev",
    "did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6",
    "did:pkh:stacks:1:SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1?x=1#y",
    "did:key:z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54",
    "did:web:example.com",
)


def _capabilities() -> list[bytes]:
    made = [dagcbor.encode(case.value) for case in cases()[::3]]
    blocks = {entry["cacao"]: cid for cid, entry in corpus.expected()["events"].items() if entry.get("cacao")}
    real = [corpus.cars()[cid] for cid in list(blocks.values())[::40]]
    return [*made, *(block for data in real for block in _cacao_blocks(data))]


def _cacao_blocks(data: bytes) -> list[bytes]:
    whole = sample_of([data])
    return [block for found in whole for _cid, block in found.blocks if block.startswith(b"\xa3\x61h")]


def _envelopes() -> list[bytes]:
    return [dagcbor.encode(make(Attempt.of(case)).envelope) for case in cases()[::5]]


def _accounts() -> list[str]:
    found = {case.account.controller for case in cases()} | {case.value["p"]["iss"] for case in cases()}
    words = str(vectors.accounts("did.json")).replace("'", " ").split()
    return sorted(found | {word for word in words if word.startswith("did:pkh:") and len(word) < 200})


def _dids() -> list[bytes]:
    sessions = [case.session.did for case in cases()[::7]]
    return [text.encode() for text in (*_DOCUMENTS, *_accounts(), *sessions)]


ACCOUNT_SEEDS: Final[dict[str, Callable[[], list[bytes]]]] = {
    "cacao": _capabilities,
    "capability": _capabilities,
    "capability-event": _capabilities,
    "profile-event": lambda: [make(Attempt.of(case)).car for case in cases()[::4]],
    "profile-envelope": _envelopes,
    "time": lambda: [text.encode() for text in _TIMES],
    "pkh": lambda: [text.encode() for text in _accounts()],
    "did-document": _dids,
}
"""The seeds of each target for accounts."""
