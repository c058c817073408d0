"""Ways to change what a capability says, member by member."""

from __future__ import annotations

import base64
import copy
import json
from random import Random
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts.pkh import checksum_address
from ceramic_protocol.cid import Cid
from tests.fuzz.capability_cases import DAY, Case
from tests.fuzz.event_mutations import P256_ORDER, SECP256K1_ORDER
from tests.fuzz.mutator import change_bytes, change_value
from tests.fuzz.thief import Thief, Way
from tests.support import signing
from tests.support.capabilities import iso

NOBODY: Final = signing.ed25519(666)
"""A key that nobody gave anything to."""

_TEXTS: Final = ("aud", "domain", "exp", "iat", "iss", "nbf", "nonce", "requestId", "statement", "version")
_EVERYTHING: Final = "ceramic://*"
_LINES: Final = (
    "\nResources:\n- ceramic://*",
    "\n- ceramic://*",
    "\nExpiration Time: 2099-01-01T00:00:00.000Z",
    "\nNot Before: 2020-01-01T00:00:00.000Z",
    "\nRequest ID: x",
    "\nChain ID: 1",
    f"\n\nURI: {NOBODY.did}\nVersion: 1",
    "\nIssued At: 2020-01-01T00:00:00.000Z",
    " wants you to sign in with your Ethereum account:\n0x" + "00" * 20,
    "\n",
)
_FIRST_V: Final = 27


def _member(thief: Thief) -> None:
    """Another text, or none, in one of the members."""
    payload, name = thief.payload, thief.pick(_TEXTS)
    if thief.once_in(7):
        del payload[name]
        return
    text = payload.get(name, "")
    texts = (
        thief.other.value["p"].get(name),
        "",
        f"{text}x",
        text[:-1],
        text.upper(),
        f" {text}",
        f"{text}\0",
    )
    payload[name] = thief.pick((*texts, *texts, None, 1, [text], {}))


def _lines(thief: Thief) -> None:
    """Lines of the signed text inside a member in front of where they stand, or behind it."""
    payload, line = thief.payload, thief.pick(_LINES)
    name = thief.pick(("domain", "nonce", "requestId", "resources", "statement", "version", "exp"))
    if name == "resources":
        at = thief.draw.randrange(len(payload[name]))
        payload[name][at] = thief.pick((payload[name][at] + line, line + payload[name][at]))
    else:
        payload[name] = thief.pick((payload.get(name, "") + line, line + payload.get(name, "")))
    if thief.once_in(3):
        payload.pop(thief.pick(("exp", "nbf", "requestId", "statement")), None)


def _empty(thief: Thief) -> None:
    """An empty text or list where nothing stood, which the signed text doesn't show."""
    name = thief.pick(("statement", "requestId", "statement", "requestId", "exp", "nbf", "resources"))
    if name == "resources":
        thief.payload[name] = thief.pick(([], [""]))
    else:
        thief.payload.setdefault(name, "")


def _resources(thief: Thief) -> None:
    """Resources added, removed, moved, joined or written in another way."""
    listed: list[Any] = thief.payload["resources"]
    wanted = thief.pick((_EVERYTHING, *_scopes(thief.case), *thief.other.value["p"]["resources"]))
    at = thief.draw.randrange(len(listed))
    before, hit, behind = listed[:at], listed[at], listed[at + 1 :]
    spelled = thief.pick((hit.upper(), f"{hit} ", f"{hit}/", f"{hit}*", hit[:-1], hit.replace(":", "%3A")))
    thief.payload["resources"] = thief.pick(
        (
            [*listed, wanted],
            [wanted, *listed],
            [wanted],
            [*before, *behind],
            listed[::-1],
            [*listed, hit],
            [*before, "\n- ".join(listed[at : at + 2]), *listed[at + 2 :]],
            [*listed[:-1], f"{listed[-1]}\n- {wanted}"],
            [*before, spelled, *behind],
            [*before, thief.pick((1, None, [hit], {"r": hit}, hit.encode())), *behind],
            thief.pick((_EVERYTHING, {}, None, 1)),
        )
    )


def _scopes(case: Case) -> list[str]:
    streams = [f"ceramic://{target.stream_id}" for target in case.targets]
    return [*streams, *(f"{_EVERYTHING}?model={target.model}" for target in case.targets)]


def _times(thief: Thief) -> None:
    """Times moved, removed, or written otherwise."""
    payload, start = thief.payload, thief.case.start
    name = thief.pick(("exp", "exp", "nbf", "iat"))
    if thief.once_in(4):
        del payload[name]
        return
    text = payload.get(name) or payload["iat"]
    moved = iso(start + (4000 if name == "exp" else -4000) * DAY)
    spelled = (
        text.replace("Z", "+00:00"),
        text.replace(".000Z", "Z"),
        text.replace("Z", "z"),
        text.replace("T", "t"),
        text.replace(".000", ".0000000001"),
        text[:10],
        str(start),
        "never",
        start,
    )
    payload[name] = thief.pick((moved, moved, *spelled))


def _issuer(thief: Thief) -> None:
    """The same account in other letters, on another chain, or another account."""
    issuer: str = thief.payload["iss"]
    head, _, address = issuer.rpartition(":")
    chain = thief.pick(("eip155:01:", "eip155:137:", "eip155:0x1:", "solana:1:"))
    options = [
        issuer.lower(),
        f"{head}:{address.upper()}",
        f"{issuer}#blockchainAccountId",
        issuer.replace("eip155:1:", chain),
        "did:pkh:p256:1:abc",
        thief.case.session.did,
        NOBODY.did,
        thief.other.value["p"]["iss"],
        thief.other.account.controller,
    ]
    if head.startswith("did:pkh:eip155"):
        mixed = "".join(thief.pick((letter.upper(), letter)) for letter in address[2:].lower())
        options += [f"{head}:0x{mixed}", f"{head}:{checksum_address(address)}"] * 3
    if head == "did:key":
        options.append(_whole_point(issuer))
    thief.payload["iss"] = thief.pick(options)


def _whole_point(did: str) -> str:
    """The same P-256 key, not compressed."""
    key = multibase.decode(did.removeprefix("did:key:"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key[2:])
    whole = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return f"did:key:{multibase.encode(key[:2] + whole, 'z')}"


def _audience(thief: Thief) -> None:
    """Another key, which then signs the event; or the same key written otherwise."""
    audience = thief.case.session.did
    if thief.once_in(4):
        thief.payload["aud"] = thief.pick(
            (f"{audience}#{audience[8:]}", f"{audience}?", f" {audience}", audience[8:], audience.upper())
        )
        return
    key = thief.pick((NOBODY, thief.other.session))
    thief.attempt.signer = key
    thief.attempt.header |= {"alg": key.alg, "kid": key.did}
    if not thief.once_in(3):
        thief.payload["aud"] = key.did


_HEADER_TYPES: Final = ("eip4361", "caip122", "EIP4361", "", "jws", "eip4361;ceramic", 1)
_SIGNATURE_TYPES: Final = (
    *("eip191", "eip1271", "solana:ed25519", "tezos:ed25519", "stacks:secp256k1", "webauthn:p256"),
    *("EIP191", "", 1),
)


def _types(thief: Thief) -> None:
    """Another type of header or signature."""
    if thief.once_in(2):
        thief.value["h"]["t"] = thief.pick(_HEADER_TYPES)
    else:
        thief.value["s"]["t"] = thief.pick(_SIGNATURE_TYPES)


def _signature(thief: Thief) -> None:
    """Other digits, or a signature over something else."""
    text: str = thief.value["s"]["s"]
    at = thief.draw.randrange(len(text))
    digits = text.removeprefix("0x")
    options = (
        thief.other.value["s"]["s"],
        text.upper(),
        text.swapcase(),
        digits,
        f"0x{digits.upper()}",
        f"0x{text}",
        f"0X{digits}",
        f"{text}00",
        text[:-2],
        f" {text}",
        f"{text}=",
        text[:at] + thief.pick("0123456789abcdefZ-_") + text[at + 1 :],
        text[:-1] + thief.pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "",
        text.encode(),
    )
    thief.value["s"]["s"] = thief.pick(options)


def _numbers(thief: Thief) -> None:
    """The other numbers that fit as well, such as v from 0 and the other S; or some that don't."""
    kind, text = thief.value["s"]["t"], thief.value["s"]["s"]
    if kind == "webauthn:p256":
        changed = _other_assertion(text, thief)
    elif kind in {"eip191", "stacks:secp256k1"}:
        digits = _other_recoverable(bytes.fromhex(text.removeprefix("0x")), thief).hex()
        changed = digits if kind.startswith("stacks") or thief.once_in(3) else f"0x{digits}"
    else:
        half = len(text) // 2
        changed = text[:half] + text[half:][::-1]
    thief.value["s"]["s"] = changed


def _other_recoverable(data: bytes, thief: Thief) -> bytes:
    s, v = int.from_bytes(data[32:64], "big"), data[64]
    first, odd = (_FIRST_V, v - _FIRST_V) if v >= _FIRST_V else (0, v)
    high = SECP256K1_ORDER - s
    right = ((high, first + 1 - odd), (s, odd), (s, odd + _FIRST_V))
    wrong = (
        (s, first + 1 - odd),
        (high, v),
        (s + 1, v),
        (0, v),
        (SECP256K1_ORDER, v),
        (s, v + 2),
        (s, v + 8),
    )
    s, v = thief.pick((*right, *right, *wrong))
    return data[:32] + s.to_bytes(32, "big") + bytes([v])


def _other_assertion(text: str, thief: Thief) -> str:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    r, s = signing.split_signature(data if len(data) == 64 else signing.raw_signature(data))
    s = thief.pick((s, P256_ORDER - s, P256_ORDER - s, s + 1, 0))
    der = encode_dss_signature(r, s)
    encoded = thief.pick((signing.join_signature(r, s), der, der + b"\0"))
    return base64.urlsafe_b64encode(encoded).decode().rstrip(thief.pick("=#"))


_STRANGE: Final = ("prf", "cap", "att", "fct", "x", "", "expirationTime", "resource", "iss ", "Aud", "é")


def _strangers(thief: Thief) -> None:
    """Members that nobody knows, some of them names that other standards have."""
    place = thief.pick((thief.value, thief.value["h"], thief.payload, thief.value["s"]))
    parent = Cid.of(b"parent")
    values: tuple[object, ...] = (
        _EVERYTHING,
        [_EVERYTHING],
        parent,
        str(parent),
        None,
        1,
        {},
        iso(thief.case.start),
        b"",
    )
    place[thief.pick(_STRANGE)] = thief.pick(values)


def _metadata(thief: Thief) -> None:
    """What stands beside a passkey's signature; for other accounts nothing does."""
    signature = thief.value["s"]
    if "m" in signature:
        _assertion(signature["m"], thief.draw)
        return
    others = [case.value["s"]["m"] for case in thief.cases if "m" in case.value["s"]]
    signature["m"] = thief.pick(({}, {"aad": b""}, {"x": 1}, copy.deepcopy(thief.pick(others)), None))


def _assertion(metadata: dict[str, Any], draw: Random) -> None:
    inner: Any = dagcbor.decode(metadata["aad"])
    way = draw.randrange(7)
    if way == 0:
        metadata["other"] = 1
    elif way == 1:
        inner["other"] = draw.choice((1, b"", {}))
    elif way == 2:
        inner["authData"] = change_bytes(inner["authData"], draw)
    elif way == 3:
        inner["clientDataJSON"] = change_bytes(inner["clientDataJSON"], draw)
    elif way == 4:
        inner["clientDataJSON"] = _other_client_data(inner["clientDataJSON"], draw)
    elif way == 5:
        inner = change_value(inner, draw)
    metadata["aad"] = dagcbor.encode(inner) + b"\0" * (way == 6)


def _other_client_data(data: bytes, draw: Random) -> bytes:
    members = json.loads(data)
    name = draw.choice(("type", "challenge", "origin", "other"))
    members[name] = draw.choice(("webauthn.create", f"{members['challenge']}=", "", None, 1))
    return json.dumps(members).encode()


CACAO_WAYS: Final[dict[str, Way]] = {
    "member": _member,
    "lines": _lines,
    "empty": _empty,
    "resources": _resources,
    "times": _times,
    "issuer": _issuer,
    "audience": _audience,
    "types": _types,
    "signature": _signature,
    "numbers": _numbers,
    "strangers": _strangers,
    "metadata": _metadata,
}
"""Each way to change a member."""
