"""Why an event is not (or not yet) part of a stream: the one enumeration of short stable codes.

The same word is the verdict's reason, the dead-letter header, the metric's label and the documentation's
anchor. Source: design.md 4.4; the first 41 codes are those of the sample corpus.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple, Self


class Layer(StrEnum):
    """Which stage refuses: the bytes, the signature, the proof of time, the history or the state."""

    WIRE = "wire"
    AUTH = "auth"
    ANCHOR = "anchor"
    HISTORY = "history"
    STATE = "state"


class Outcome(StrEnum):
    """The three answers on an event. `PENDING` means: not known yet, ask again with more context."""

    VALID = "valid"
    REJECTED = "rejected"
    PENDING = "pending"


class Reason(Enum):
    """One cause. `value` is the code; `layer`, `outcome` and `summary` go with it."""

    layer: Layer
    outcome: Outcome
    summary: str

    def __new__(cls, code: str, layer: Layer, summary: str, outcome: Outcome = Outcome.REJECTED) -> Self:
        """Make a member whose value is its code alone."""
        member = object.__new__(cls)
        member._value_ = code
        member.layer = layer
        member.outcome = outcome
        member.summary = summary
        return member

    CAR_TRUNCATED = ("car_truncated", Layer.WIRE, "the CAR ends inside a block")
    CAR_MALFORMED = ("car_malformed", Layer.WIRE, "the bytes are not a CARv1 with one root event")
    ARCHIVE_DAMAGED = ("archive_damaged", Layer.WIRE, "a stretch of the source can't be read")
    BLOCK_MISSING = ("block_missing", Layer.WIRE, "a block that the event links to is not in its CAR")
    BLOCK_HASH_MISMATCH = ("block_hash_mismatch", Layer.WIRE, "a block does not hash to its CID")
    BLOCK_TOO_LARGE = ("block_too_large", Layer.WIRE, "a block is larger than 256,000 bytes")
    HASH_UNSUPPORTED = ("hash_unsupported", Layer.WIRE, "a block's CID uses a hash other than SHA-256")
    CBOR_MALFORMED = ("cbor_malformed", Layer.WIRE, "a block is not strict DAG-CBOR")
    EVENT_MALFORMED = ("event_malformed", Layer.WIRE, "the root block has the form of no Ceramic event")
    SIGNATURES_EMPTY = ("signatures_empty", Layer.WIRE, "the envelope has no signature")

    SIGNATURE_INVALID = ("signature_invalid", Layer.AUTH, "the signature does not fit payload and key")
    SIGNER_NOT_CONTROLLER = (
        "signer_not_controller",
        Layer.AUTH,
        "the signer is not the stream's controller",
    )
    ALG_KEY_MISMATCH = ("alg_key_mismatch", Layer.AUTH, "the JWS algorithm is not that of the key")
    KID_MISSING = ("kid_missing", Layer.AUTH, "the JWS header names no key")
    JWS_MALFORMED = (
        "jws_malformed",
        Layer.AUTH,
        "the protected JWS header is no JSON object that can be used",
    )
    UNSUPPORTED_DID = ("unsupported_did", Layer.AUTH, "the signing key is not a did:key that can sign")
    CACAO_EXPIRED = ("cacao_expired", Layer.AUTH, "the capability had expired")
    CACAO_NOT_YET_VALID = ("cacao_not_yet_valid", Layer.AUTH, "the capability was not valid yet")
    CACAO_MODEL_NOT_COVERED = (
        "cacao_model_not_covered",
        Layer.AUTH,
        "the capability does not cover this stream or model",
    )
    CACAO_AUD_MISMATCH = ("cacao_aud_mismatch", Layer.AUTH, "the capability was given to another key")
    CACAO_ISS_MISMATCH = ("cacao_iss_mismatch", Layer.AUTH, "the capability was given by another account")
    CACAO_SIGNATURE_INVALID = (
        "cacao_signature_invalid",
        Layer.AUTH,
        "the capability's signature does not fit",
    )
    INIT_NO_CONTROLLERS = ("init_no_controllers", Layer.AUTH, "the init header names no controller")
    UNSIGNED_INIT_WITH_DATA = (
        "unsigned_init_with_data",
        Layer.AUTH,
        "an init event with content must be signed",
    )
    DATA_EVENT_UNSIGNED = ("data_event_unsigned", Layer.AUTH, "a data event must be signed")
    UNSUPPORTED_YET = (
        "unsupported_yet",
        Layer.AUTH,
        "this release can't check it: capabilities (CACAO) and legacy anchor proofs",
        Outcome.PENDING,
    )
    CACAO_MALFORMED = ("cacao_malformed", Layer.AUTH, "the capability block has the form of no CACAO")
    CACAO_TYPE_UNSUPPORTED = (
        "cacao_type_unsupported",
        Layer.AUTH,
        "nobody verifies capabilities of this header and signature type for this kind of account",
    )
    CACAO_DELEGATION_UNSUPPORTED = (
        "cacao_delegation_unsupported",
        Layer.AUTH,
        "the capability is one of a chain of delegations, which no implementation follows",
    )
    CACAO_CONTRACT_UNKNOWN = (
        "cacao_contract_unknown",
        Layer.AUTH,
        "the account is a contract, and no endpoint of its chain is at hand to ask it",
        Outcome.PENDING,
    )

    ANCHOR_PATH_MISMATCH = ("anchor_path_mismatch", Layer.ANCHOR, "the witness path does not end at prev")
    ANCHOR_WITNESS_MISSING = ("anchor_witness_missing", Layer.ANCHOR, "a witness block is missing")
    ANCHOR_ROOT_MISMATCH = (
        "anchor_root_mismatch",
        Layer.ANCHOR,
        "the transaction anchors another Merkle root",
    )
    ANCHOR_TX_UNKNOWN = ("anchor_tx_unknown", Layer.ANCHOR, "the chain has no such transaction")
    ANCHOR_CHAIN_UNKNOWN = (
        "anchor_chain_unknown",
        Layer.ANCHOR,
        "no data of that blockchain is at hand",
        Outcome.PENDING,
    )
    ANCHOR_WRONG_CONTRACT = (
        "anchor_wrong_contract",
        Layer.ANCHOR,
        "the transaction went to another contract",
    )

    PREV_MISSING = (
        "prev_missing",
        Layer.HISTORY,
        "the event it builds on has not been seen",
        Outcome.PENDING,
    )
    PREV_PENDING = (
        "prev_pending",
        Layer.HISTORY,
        "an event it builds on is itself pending",
        Outcome.PENDING,
    )
    PREV_OTHER_STREAM = ("prev_other_stream", Layer.HISTORY, "prev belongs to another stream")
    PREV_INVALID = ("prev_invalid", Layer.HISTORY, "an event it builds on was rejected")
    INIT_MISSING = (
        "init_missing",
        Layer.HISTORY,
        "the stream's init event has not been seen",
        Outcome.PENDING,
    )
    INIT_INVALID = ("init_invalid", Layer.HISTORY, "the stream's init event was rejected")

    PATCH_FAILED = ("patch_failed", Layer.STATE, "the JSON patch does not apply to the state before it")
    SCHEMA_VIOLATION = ("schema_violation", Layer.STATE, "the content does not fit the model's schema")
    IMMUTABLE_FIELD_CHANGED = ("immutable_field_changed", Layer.STATE, "an immutable field was changed")
    SET_UNIQUE_MISMATCH = (
        "set_unique_mismatch",
        Layer.STATE,
        "the unique fields differ from the stream's identity",
    )
    DET_INIT_WITH_CONTENT = (
        "det_init_with_content",
        Layer.STATE,
        "the init of a single or set stream has content",
    )
    UNIQUE_MISSING = ("unique_missing", Layer.STATE, "the init header needs `unique`")
    UNIQUE_FORBIDDEN = ("unique_forbidden", Layer.STATE, "the init header must not have `unique`")
    HEADER_FIELD_FORBIDDEN = (
        "header_field_forbidden",
        Layer.STATE,
        "a data event's header has a field it must not have",
    )
    MODEL_IS_INTERFACE = ("model_is_interface", Layer.STATE, "an interface model has no instances")
    MODEL_INVALID = ("model_invalid", Layer.STATE, "the model definition is not valid")
    MODEL_UPDATE_FORBIDDEN = ("model_update_forbidden", Layer.STATE, "a model can't be changed")
    RELATION_INVALID = ("relation_invalid", Layer.STATE, "a relation names no stream of the right model")
    MODEL_MISSING = (
        "model_missing",
        Layer.STATE,
        "the model has not been seen",
        Outcome.PENDING,
    )


class Finding(NamedTuple):
    """Why something is refused or has to wait: the code, and in words what exactly."""

    reason: Reason
    detail: str


BY_CODE: dict[str, Reason] = {reason.value: reason for reason in Reason}
