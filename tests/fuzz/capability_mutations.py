"""Ways in which a thief of a session key may change an event under a capability, and sign it again."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.cid import DAG_JOSE, RAW, Cid
from ceramic_protocol.errors import CeramicError
from tests.fuzz.cacao_mutations import CACAO_WAYS, NOBODY
from tests.fuzz.capability_cases import DAY, Attempt, Case, MadeAttempt, make
from tests.fuzz.event_mutations import SECP256K1_ORDER
from tests.fuzz.mutator import change_bytes, change_value
from tests.fuzz.thief import Thief, Way
from tests.support import signing

_ALSO_USED: Final = 4
_JOSE_CODEC: Final = b"\x85\x01"


def _mixed(thief: Thief) -> None:
    """Parts of another capability, some of the same account."""
    near = [case for case in thief.cases if case.account.kind == thief.case.account.kind]
    other = copy.deepcopy(thief.pick(thief.pick((near, thief.cases))).value)
    place = thief.pick(("h", "p", "p", "s", "whole"))
    if place == "whole":
        thief.attempt.value = other
    elif place == "p" and thief.once_in(2):
        name = thief.pick(list(other["p"]))
        thief.payload[name] = other["p"][name]
    else:
        thief.value[place] = other[place]


def _value(thief: Thief) -> None:
    """Anything else anywhere in the capability."""
    for _ in range(thief.draw.randint(1, 2)):
        thief.attempt.value = change_value(thief.value, thief.draw)


def _block(thief: Thief) -> None:
    """Other bytes of the capability."""
    thief.attempt.block = change_bytes(dagcbor.encode(thief.value), thief.draw)


def _loose(thief: Thief) -> None:
    """The same in CBOR that is not strict: another order, a member twice, a long head, something behind."""
    parts = [dagcbor.encode(key) + dagcbor.encode(value) for key, value in thief.value.items()]
    whole = b"".join(parts)
    thief.attempt.block = thief.pick(
        (
            b"\xa3" + b"".join(reversed(parts)),
            b"\xb8\x03" + whole,
            b"\xbf" + whole + b"\xff",
            b"\xa3" + whole + b"\0",
            b"\xa4" + whole + parts[1].replace(b"did:", b"dId:"),
            b"\xd9\xd9\xf7\xa3" + whole,
        )
    )


def _cap(thief: Thief) -> None:
    """The capability named in another way, or another one named."""
    thief.attempt.name = thief.pick(_NAMES)


def _v1(cid: Cid, codec: bytes) -> Cid:
    return Cid(b"\x01" + codec + cid[2:])


_NAMES: Final[tuple[Callable[[Cid], object], ...]] = (
    str,
    lambda cid: f"ipfs://{multibase.encode(cid, 'z')}",
    lambda cid: f"ipfs://{multibase.encode(cid, 'f')}",
    lambda cid: f"ipfs://{multibase.encode(cid, 'u')}",
    lambda cid: f"ipfs://{cid}".upper(),
    lambda cid: f"ipfs://{_v1(cid, bytes([RAW]))}",
    lambda cid: f"ipfs://{_v1(cid, _JOSE_CODEC)}",
    lambda cid: f"ipfs://{Cid(cid[2:])}",
    lambda cid: f"ipfs://{cid}/",
    lambda cid: f"ipfs://ipfs://{cid}",
    lambda cid: f"ipfs://{Cid.of(cid)}",
    lambda cid: f"ipfs://{Cid.of(cid, DAG_JOSE)}",
    lambda cid: f"ipfs:// {cid}",
    lambda _cid: None,
)


def _header(thief: Thief) -> None:
    """Other members of the protected header, or the same ones written otherwise."""
    did, header = thief.case.session.did, thief.attempt.header
    name = thief.pick(("kid", "kid", "alg", "typ", "crit", "b64", "iss", "CAP", "jwk"))
    if name == "kid":
        kids = (did, f"{did}?version=1", f"{did}/path#x", f"{did}#x", f"{did} ", did.upper(), NOBODY.did)
        header[name] = thief.pick((*kids, thief.payload["iss"], thief.case.account.controller, None))
    elif name == "alg":
        header[name] = thief.pick(("none", "EdDSA", "ES256", "ES256K", "ES256K-R", "Ed25519", None))
    else:
        header[name] = thief.pick(("JWT", ["b64"], False, thief.case.account.controller, {}))


def _envelope(thief: Thief) -> None:
    """Another envelope around what was signed."""
    thief.attempt.finish = thief.pick((_twin, _unprotected, _doubled, _another_payload))


def _twin(envelope: Any) -> None:
    signature = envelope["signatures"][0]
    r, s = signing.split_signature(signature["signature"])
    # Only for a secp256k1 key that is a signature.
    signature["signature"] = signing.join_signature(r, (SECP256K1_ORDER - s) % (1 << 256))


def _unprotected(envelope: Any) -> None:
    envelope["signatures"][0]["header"] = {"cap": "ipfs://x"}


def _doubled(envelope: Any) -> None:
    envelope["signatures"] *= 2


def _another_payload(envelope: Any) -> None:
    envelope["payload"] = bytes(Cid.of(b"another payload"))


def _use(thief: Thief) -> None:
    """The capability for something it isn't for: another stream, model, change, account or time."""
    attempt, way = thief.attempt, thief.draw.randrange(4)
    if way == 0:
        attempt.at = thief.pick(_moments(thief.case))
    elif way == 1 and "header" in attempt.payload:
        attempt.payload["header"] |= {"model": _model(thief), "unique": thief.draw.randbytes(12)}
    elif way == 2:
        attempt.payload["data"] = thief.pick(
            ([{"op": "add", "path": "/stolen", "value": 1}], [], {"stolen": 1})
        )
    else:
        target = thief.pick((*thief.case.targets, *thief.other.targets))
        attempt.target = target
        attempt.payload = {"id": target.init.cid, "prev": target.init.cid, "data": []}


def _model(thief: Thief) -> object:
    models = [bytes(multibase.decode(target.model)) for target in thief.case.targets]
    return thief.pick((*models, *models, b"\xce"))


def _moments(case: Case) -> list[int]:
    """Times at the edges of when the capability holds, and far from them."""
    end = case.start + 6 * DAY if case.end is None else case.end
    before = [case.start - seconds for seconds in (300, 301, DAY)]
    return [*before, end, *(end + seconds for seconds in (DAY, DAY + 1, DAY + 300, 4000 * DAY))]


WAYS: Final[dict[str, Way]] = {
    **CACAO_WAYS,
    "mixed": _mixed,
    "value": _value,
    "block": _block,
    "loose": _loose,
    "cap": _cap,
    "header": _header,
    "envelope": _envelope,
    "use": _use,
}


def mutate(case: Case, cases: Sequence[Case], draw: Random) -> tuple[str, Attempt, MadeAttempt]:
    """An event of the case changed in some way, and the way.

    One in four is used for something else as well: nobody changes a capability to do what it allows.
    """
    while True:
        name, thief = draw.choice(list(WAYS)), Thief(Attempt.of(case), case, cases, draw)
        try:
            if thief.once_in(_ALSO_USED):
                _use(thief)
            WAYS[name](thief)
            return name, thief.attempt, make(thief.attempt)
        except (CeramicError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
            # A way that doesn't fit, such as the removal of what isn't there.
            continue
