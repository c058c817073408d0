"""The CACAO, a capability signed by an account: its block and its times (accounts.md 3.1, CAIP-74)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import DAG_CBOR, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.reasons import Reason

_REQUIRED: Final = {
    "aud": "audience",
    "domain": "domain",
    "iat": "issued_at",
    "iss": "issuer",
    "nonce": "nonce",
    "version": "version",
}
_OPTIONAL: Final = {
    "exp": "expires_at",
    "nbf": "not_before",
    "requestId": "request_id",
    "statement": "statement",
}
_TEXTS: Final = _REQUIRED | _OPTIONAL
_KNOWN: Final = {"": {"h", "p", "s"}, "h": {"t"}, "p": {*_TEXTS, "resources"}, "s": {"m", "s", "t"}}
_PARENTS: Final = ("prf", "cap")
_IPFS: Final = "ipfs://"
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # the offset is taken off as a number, which can't overflow


@dataclass(frozen=True, slots=True)
class Cacao:
    """A capability; None where a member is absent. Times are text as it was signed, see `parse_time`.

    `metadata` is `s.m`. `unknown` holds members that CAIP-74 doesn't have, by where they stand: `h`, `p`,
    `s`, or the empty text for the block itself.
    """

    header_type: str
    domain: str
    issuer: str
    audience: str
    version: str
    nonce: str
    issued_at: str
    signature_type: str
    signature: str
    not_before: str | None = None
    expires_at: str | None = None
    statement: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None
    metadata: Mapping[str, IpldValue] | None = field(default=None, hash=False)
    unknown: Mapping[str, Mapping[str, IpldValue]] = field(default_factory=dict, hash=False)

    @property
    def members(self) -> dict[str, IpldValue]:
        """What the block holds, unknown members too."""
        return self._unknown("") | {
            "h": self._unknown("h") | {"t": self.header_type},
            "p": self._unknown("p") | self._payload(),
            "s": self._unknown("s") | self._signature(),
        }

    def _payload(self) -> dict[str, IpldValue]:
        payload = {member: getattr(self, name) for member, name in _TEXTS.items()}
        payload["resources"] = None if self.resources is None else list(self.resources)
        return {member: value for member, value in payload.items() if value is not None}

    def _signature(self) -> dict[str, IpldValue]:
        signature: dict[str, IpldValue] = {"s": self.signature, "t": self.signature_type}
        return signature if self.metadata is None else signature | {"m": dict(self.metadata)}

    def _unknown(self, place: str) -> dict[str, IpldValue]:
        return dict(self.unknown.get(place, {}))

    def encode(self) -> bytes:
        """The block: canonical DAG-CBOR, where absent members are absent.

        Raises:
            EncodeError: something that DAG-CBOR can't hold.
        """
        return dagcbor.encode(self.members)

    @property
    def parent_hint(self) -> str | None:
        """The first thing that looks like the name of another capability from which this one is derived.

        Nobody writes or follows chains; drafts have them as `prf` (CAIP-196), `cap`, or as a resource
        `ipfs://<CID>` of a DAG-CBOR block (CAIP-74). Links to other kinds of data are usual resources.
        """
        for place in ("p", ""):
            for member in _PARENTS:
                name = _name(self.unknown.get(place, {}).get(member))
                if name:
                    return name
        return next(filter(_is_block, self.resources or ()), None)


def _name(value: IpldValue) -> str | None:
    if isinstance(value, list):
        return next(filter(None, map(_name, value)), None)
    return str(value) if isinstance(value, str | Cid) else None


def _is_block(resource: str) -> bool:
    try:
        return resource.startswith(_IPFS) and Cid.parse(resource.removeprefix(_IPFS)).codec == DAG_CBOR
    except IdentifierError:
        return False


def decode_cacao(block: bytes) -> Cacao:
    """A capability from its block. Members that CAIP-74 doesn't have are kept; they mean nothing.

    Raises:
        DecodeError: `cbor_malformed`, or `cacao_malformed`: a member is missing or of the wrong type.
    """
    value = dagcbor.decode(block)
    if not isinstance(value, dict):
        raise _fail("capability is no map")
    header, payload, signature = (_map(value, name) for name in ("h", "p", "s"))
    places = {"": value, "h": header, "p": payload, "s": signature}
    unknown = {place: _strangers(place, members) for place, members in places.items()}
    return Cacao(
        header_type=_text(header, "t"),
        signature_type=_text(signature, "t"),
        signature=_text(signature, "s"),
        resources=_resources(payload),
        metadata=_map(signature, "m") if "m" in signature else None,
        unknown={place: members for place, members in unknown.items() if members},
        **{
            name: _text(payload, member)
            for member, name in _TEXTS.items()
            if member in payload or member in _REQUIRED
        },
    )


def _fail(detail: str) -> DecodeError:
    return DecodeError(Reason.CACAO_MALFORMED, detail)


def _map(value: dict[str, IpldValue], name: str) -> dict[str, IpldValue]:
    member = value.get(name)
    if not isinstance(member, dict):
        raise _fail(f"{name} is no map")
    return member


def _text(value: dict[str, IpldValue], name: str) -> str:
    member = value.get(name)
    if not isinstance(member, str):
        raise _fail(f"{name} is no text")
    return member


def _resources(payload: dict[str, IpldValue]) -> tuple[str, ...] | None:
    if "resources" not in payload:
        return None
    listed = payload["resources"]
    if not isinstance(listed, list):
        raise _fail("resources are no list")
    texts = tuple(item for item in listed if isinstance(item, str))
    if len(texts) != len(listed):
        raise _fail("a resource is no text")
    return texts


def _strangers(place: str, members: dict[str, IpldValue]) -> dict[str, IpldValue]:
    return {name: member for name, member in members.items() if name not in _KNOWN[place]}


def parse_time(text: str) -> int:
    """Unix milliseconds of an RFC 3339 date-time; what is finer than a millisecond is cut off.

    Raises:
        DecodeError: `cacao_malformed`, for other spellings, a leap second and the year 0 as well.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise _fail(f"{text[:40]!r} is no RFC 3339 time")
    day, clock, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}") - _EPOCH
    except ValueError:
        raise _fail(f"{text[:40]!r} is no day of the calendar") from None
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        moment += -offset if sign == "+" else offset
    milliseconds = int((fraction or "")[:3].ljust(3, "0"))
    return moment // timedelta(milliseconds=1) + milliseconds
