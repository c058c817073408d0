"""Single blocks in words: envelopes, payloads, time events, proofs, capabilities."""

from __future__ import annotations

from typing import Any

from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.cacao import decode_cacao
from ceramic_protocol.accounts.capability import STRICT
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.jose import Envelope, decode_envelope
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.profiles.strict import check_envelope

_WHAT = {
    frozenset({"header"}): "payload of an init event",
    frozenset({"data", "header"}): "payload of an init event",
    frozenset({"id", "prev", "data"}): "payload of a data event",
    frozenset({"id", "prev", "data", "header"}): "payload of a data event",
    frozenset({"id", "prev", "proof", "path"}): "time event",
    frozenset({"prev", "proof", "path"}): "time event without id",
    frozenset({"root", "txHash", "txType", "chainId"}): "proof of a time event",
}


def explain_block(data: bytes) -> dict[str, Any] | None:
    """What a DAG-CBOR or DAG-JOSE block says; None if the bytes are no such block."""
    try:
        value = dagcbor.decode(data)
    except DecodeError:
        return None
    if isinstance(value, dict) and "signatures" in value:
        return _explain_envelope_block(data)
    if isinstance(value, dict) and {"h", "p"} <= value.keys():
        return _explain_capability_block(data)
    what = _WHAT.get(frozenset(value), "map") if isinstance(value, dict) else _name(value)
    return {"what": f"dag-cbor block: {what}", "cid": str(Cid.of(data)), "size": len(data), **_members(value)}


def _name(value: IpldValue) -> str:
    return "Merkle node or other list" if isinstance(value, list) else type(value).__name__


def _members(value: IpldValue) -> dict[str, Any]:
    shown = to_json(value)
    return shown if isinstance(shown, dict) else {"value": shown}


def _explain_capability_block(data: bytes) -> dict[str, Any]:
    cid = Cid.of(data)
    return {"what": "dag-cbor block: capability (CACAO)", "cid": str(cid), **explain_capability(cid, data)}


def explain_capability(cid: Cid, data: bytes) -> dict[str, Any]:
    """Who lets whom write, where and until when, and whether the capability's signature is good."""
    finding = STRICT.look_at(cid, data, NoContracts()).finding
    found = {"capability": "good" if finding is None else f"{finding.reason.value}: {finding.detail}"}
    try:
        cacao = decode_cacao(data)
    except DecodeError:
        return found
    return {
        **found,
        "granted by": cacao.issuer,
        "granted to": cacao.audience,
        "granted for": list(cacao.resources or ()),
        "granted from": cacao.not_before or cacao.issued_at,
        "granted until": cacao.expires_at or "for ever",
        "granted in": f"{cacao.domain}, with a signature of type {cacao.signature_type}",
    }


def _explain_envelope_block(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {
        "what": "dag-jose block: envelope of a signed event",
        "cid": str(Cid.of(data, DAG_JOSE)),
    }
    try:
        envelope = decode_envelope(data)
    except DecodeError as error:
        return {**found, "refused": f"{error.reason.value}: {error.detail}"}
    return {**found, "payload": f"{envelope.payload} (dag-cbor)", **explain_envelope(envelope)}


def explain_envelope(envelope: Envelope | None) -> dict[str, Any]:
    """Who signed, with what, and whether the signature is good."""
    if envelope is None:
        return {"signature": "none"}
    finding = check_envelope(envelope)
    found: dict[str, Any] = {
        "signed by": envelope.header.signer,
        "algorithm": envelope.header.alg,
        "signature": "good" if finding is None else f"{finding.reason.value}: {finding.detail}",
    }
    if envelope.header.capability:
        found["under capability"] = str(envelope.header.capability)
        if envelope.capability_block:
            found |= explain_capability(envelope.header.capability, envelope.capability_block)
    return found
