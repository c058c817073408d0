"""Capabilities as js-did takes them, which has no fixed idea of their shape (accounts.md 3; cacao 3.0).

JavaScript prints whatever stands where a text should. Of that, whole numbers, true, false and null are
emulated; with anything else the signature counts as bad.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.capability import Seen
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.profiles.js_cacao_signatures import check_js_cacao
from ceramic_protocol.profiles.js_time import parse_date
from ceramic_protocol.reasons import Finding, Reason

_ABSENT: Final = object()
_CONSTANTS: Final = {True: "true", False: "false", None: "null"}


def look_at_js(block: bytes) -> Seen:
    """What js-did sees in a capability.

    Without a grant it refuses every event under it. With one, the finding beside it matters only where the
    capability is needed: js-did doesn't look at it where the signer is the controller.
    """
    try:
        members = dagcbor.decode(block)
        payload = _map(members, "p")
        grant = _grant(members, payload)
    except DecodeError as error:
        return Seen(None, None, Finding(error.reason, error.detail))
    audience = payload.get("aud")
    return Seen(audience if isinstance(audience, str) else "", grant, _check(members, payload))


def _grant(members: IpldValue, payload: dict[str, IpldValue]) -> Grant:
    resources = payload.get("resources")
    # Without a list js-ceramic stumbles, so that nothing is covered either.
    if resources is not None and not isinstance(resources, list):
        raise _malformed("resources are no list")
    starts = [time for time in (_time(payload, "iat"), _time(payload, "nbf")) if time is not None]
    issuer, signature = payload.get("iss"), _member(members, "s")
    kind = signature.get("t") if isinstance(signature, dict) else None
    return Grant(
        issuer=issuer if isinstance(issuer, str) else "",
        resources=tuple(item for item in resources or () if isinstance(item, str)),
        not_before=max(starts, default=None),
        expires=_time(payload, "exp"),
        signature_type=kind if isinstance(kind, str) else "",
    )


def _time(payload: dict[str, IpldValue], name: str) -> int | None:
    try:
        return parse_date(_required(payload, name))
    except DecodeError:
        return None


def _check(members: IpldValue, payload: dict[str, IpldValue]) -> Finding | None:
    try:
        return check_js_cacao(_as_cacao(_map(members, "s"), payload), members)
    except DecodeError as error:
        return Finding(error.reason, error.detail)


def _as_cacao(signature: dict[str, IpldValue], payload: dict[str, IpldValue]) -> Cacao:
    """The capability with the texts that JavaScript would show."""
    kind, signed = signature.get("t"), signature.get("s")
    if not isinstance(kind, str):
        raise DecodeError(Reason.CACAO_TYPE_UNSUPPORTED, "the type of the signature is no text")
    if not isinstance(signed, str):
        raise _malformed("the signature is no text")
    if not payload.get("nonce") or not payload.get("iat"):
        raise _malformed("without nonce or iat js-did makes up another text each time")
    resources = payload.get("resources") or []
    if not isinstance(resources, list) or not all(isinstance(item, str) for item in resources):
        raise _malformed("a resource is no text")
    metadata = signature.get("m")
    return Cacao(
        header_type="",
        signature_type=kind,
        signature=signed,
        metadata=metadata if isinstance(metadata, dict) else None,
        resources=None if payload.get("resources") is None else tuple(map(str, resources)),
        issuer=_required(payload, "iss"),
        audience=_required(payload, "aud"),
        domain=_required(payload, "domain"),
        version=_required(payload, "version"),
        nonce=_required(payload, "nonce"),
        issued_at=_required(payload, "iat"),
        not_before=_optional(payload, "nbf"),
        expires_at=_optional(payload, "exp"),
        statement=_optional(payload, "statement"),
        request_id=_optional(payload, "requestId"),
    )


def _required(payload: dict[str, IpldValue], name: str) -> str:
    return _shown(payload.get(name, _ABSENT))


def _optional(payload: dict[str, IpldValue], name: str) -> str | None:
    value = payload.get(name)
    return _shown(value) if value else None


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is _ABSENT:
        return "undefined"
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, int):
        return str(value)
    raise _malformed(f"there is a {type(value).__name__} where a text belongs")


def _member(value: IpldValue, name: str) -> IpldValue:
    return value.get(name) if isinstance(value, dict) else None


def _map(value: IpldValue, name: str) -> dict[str, IpldValue]:
    member = _member(value, name)
    if not isinstance(member, dict):
        raise _malformed(f"{name} is no map")
    return member


def _malformed(detail: str) -> DecodeError:
    return DecodeError(Reason.CACAO_MALFORMED, detail)
