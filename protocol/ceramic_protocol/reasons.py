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
    """One cause, whose `value` is the code.

    `layer` and `outcome` go with it, and two half-sentences: `summary` is what is the case, `remedy` what to
    do about it and who has to: the writer, whoever runs this, or nobody.
    """

    layer: Layer
    outcome: Outcome
    summary: str
    remedy: str

    def __new__(
        cls, code: str, layer: Layer, summary: str, remedy: str, outcome: Outcome = Outcome.REJECTED
    ) -> Self:
        """Make a member whose value is its code alone."""
        member = object.__new__(cls)
        member._value_ = code
        member.layer = layer
        member.outcome = outcome
        member.summary = summary
        member.remedy = remedy
        return member

    CAR_TRUNCATED = (
        "car_truncated",
        Layer.WIRE,
        "the CAR ends inside a block",
        "copy the archive again, or ask its source again: the rest was lost on the way",
    )
    CAR_MALFORMED = (
        "car_malformed",
        Layer.WIRE,
        "the bytes are not a CARv1 with one root event",
        "check that the source holds CARv1; whoever exported it has to do so again",
    )
    ARCHIVE_DAMAGED = (
        "archive_damaged",
        Layer.WIRE,
        "a stretch of the source holds neither a block nor an event that can be read",
        "restore the archive from a copy; what stands before and behind the stretch was read",
    )
    BLOCK_MISSING = (
        "block_missing",
        Layer.WIRE,
        "a block that the event links to is not in its CAR",
        "ask the source for the event again, with all its blocks",
    )
    BLOCK_HASH_MISMATCH = (
        "block_hash_mismatch",
        Layer.WIRE,
        "a block does not hash to its CID: it is not what was signed",
        "ask another source for the event: this one's copy was altered or damaged",
    )
    BLOCK_TOO_LARGE = (
        "block_too_large",
        Layer.WIRE,
        "a block is larger than 256,000 bytes, which no node stores",
        "the writer has to write less at once, spread over several events",
    )
    HASH_UNSUPPORTED = (
        "hash_unsupported",
        Layer.WIRE,
        "a block's CID uses a hash other than SHA-256",
        "the writer has to make the event with SHA-256, as every Ceramic library does",
    )
    CBOR_MALFORMED = (
        "cbor_malformed",
        Layer.WIRE,
        "a block is not strict DAG-CBOR: cut short, not canonical, or no CBOR at all",
        "the writer has to encode the block with a DAG-CBOR library, and sign it again",
    )
    EVENT_MALFORMED = (
        "event_malformed",
        Layer.WIRE,
        "the root block has the form of no Ceramic event",
        "check what the source exports: the block may be something else than an event",
    )
    SIGNATURES_EMPTY = (
        "signatures_empty",
        Layer.WIRE,
        "the envelope has no signature",
        "the writer has to sign the event",
    )

    SIGNATURE_INVALID = (
        "signature_invalid",
        Layer.AUTH,
        "the signature does not fit payload and key",
        "the writer has to sign again; if many writers' events have it, the source alters them",
    )
    SIGNER_NOT_CONTROLLER = (
        "signer_not_controller",
        Layer.AUTH,
        "the signer is not the stream's controller",
        "the controller has to write the event, or to give the signer a capability",
    )
    ALG_KEY_MISMATCH = (
        "alg_key_mismatch",
        Layer.AUTH,
        "the JWS algorithm is not that of the key",
        "the writer has to name the algorithm of its key: EdDSA, ES256 or ES256K",
    )
    KID_MISSING = (
        "kid_missing",
        Layer.AUTH,
        "the JWS header has no `kid`, which names the key that signed",
        "the writer has to name its DID in the protected header, and sign again",
    )
    JWS_MALFORMED = (
        "jws_malformed",
        Layer.AUTH,
        "the protected JWS header is no JSON object that can be used",
        "the writer has to make the header anew: an object with alg, kid and perhaps cap, each once",
    )
    UNSUPPORTED_DID = (
        "unsupported_did",
        Layer.AUTH,
        "the signer is no did:key that can sign, or the capability's issuer no known kind of account",
        "the writer has to use a key or account of another kind; `inspect DID` says what one can do",
    )
    CACAO_EXPIRED = (
        "cacao_expired",
        Layer.AUTH,
        "the capability had expired when the event was anchored, or by now without an anchor",
        "judge with another --at or --grace if they are wrong; else the writer needs a new capability",
    )
    CACAO_NOT_YET_VALID = (
        "cacao_not_yet_valid",
        Layer.AUTH,
        "the capability was not valid yet when the event was written",
        "check --at and --skew; else the writer has to wait until the capability begins",
    )
    CACAO_MODEL_NOT_COVERED = (
        "cacao_model_not_covered",
        Layer.AUTH,
        "the capability does not cover this stream or model",
        "the controller has to give a capability whose resources name the stream or its model",
    )
    CACAO_AUD_MISMATCH = (
        "cacao_aud_mismatch",
        Layer.AUTH,
        "the capability was given to another key than the one that signed",
        "the writer has to sign with the key that the capability names, or get one for its own",
    )
    CACAO_ISS_MISMATCH = (
        "cacao_iss_mismatch",
        Layer.AUTH,
        "the capability was given by another account than the stream's controller",
        "the writer needs a capability of the controller; no other account can give it",
    )
    CACAO_SIGNATURE_INVALID = (
        "cacao_signature_invalid",
        Layer.AUTH,
        "the capability's signature does not fit its text and its issuer",
        "the account has to sign the capability again, with a wallet that follows CAIP-122",
    )
    INIT_NO_CONTROLLERS = (
        "init_no_controllers",
        Layer.AUTH,
        "the init header names no controller",
        "the writer has to name exactly one controller, and so begin another stream",
    )
    UNSIGNED_INIT_WITH_DATA = (
        "unsigned_init_with_data",
        Layer.AUTH,
        "the init event has content and no signature",
        "the writer has to sign the init event; only one without content may go unsigned",
    )
    DATA_EVENT_UNSIGNED = (
        "data_event_unsigned",
        Layer.AUTH,
        "the data event has no signature",
        "the writer has to sign with the controller's key, or with one that has its capability",
    )
    CACAO_MALFORMED = (
        "cacao_malformed",
        Layer.AUTH,
        "the capability block has the form of no CACAO",
        "the writer needs a capability made by a library that follows CAIP-74",
    )
    CACAO_TYPE_UNSUPPORTED = (
        "cacao_type_unsupported",
        Layer.AUTH,
        "nobody verifies capabilities of this header and signature type for this kind of account",
        "the account has to sign in the way of its chain; `inspect DID` says which that is",
    )
    CACAO_DELEGATION_UNSUPPORTED = (
        "cacao_delegation_unsupported",
        Layer.AUTH,
        "the capability is one of a chain of delegations, which no implementation follows",
        "the controller has to give the capability to the signing key itself",
    )
    CACAO_CONTRACT_UNKNOWN = (
        "cacao_contract_unknown",
        Layer.AUTH,
        "the account is a contract, and no endpoint of its chain is at hand to ask it",
        "name an endpoint of the account's chain with --rpc URL, and judge again",
        Outcome.PENDING,
    )

    ANCHOR_PATH_MISMATCH = (
        "anchor_path_mismatch",
        Layer.ANCHOR,
        "the witness path from the Merkle root does not end at prev",
        "the anchor service has to anchor the event again; until then it has no proof of time",
    )
    ANCHOR_WITNESS_MISSING = (
        "anchor_witness_missing",
        Layer.ANCHOR,
        "a block on the path from the Merkle root to prev is missing",
        "ask the source for the time event again, with its whole witness",
    )
    ANCHOR_ROOT_MISMATCH = (
        "anchor_root_mismatch",
        Layer.ANCHOR,
        "the transaction anchors another Merkle root",
        "get the proof anew from the anchor service: this one belongs to another batch",
    )
    ANCHOR_TX_UNKNOWN = (
        "anchor_tx_unknown",
        Layer.ANCHOR,
        "the chain has no such transaction",
        "bring the --chain FILE up to date; if it is, the transaction was never mined",
    )
    ANCHOR_TX_FAILED = (
        "anchor_tx_failed",
        Layer.ANCHOR,
        "the anchor's transaction was reverted, so it has changed nothing",
        "the anchor service has to anchor the event again",
    )
    ANCHOR_UNCONFIRMED = (
        "anchor_unconfirmed",
        Layer.ANCHOR,
        "the anchor's transaction is not deep enough in its chain to stay there for sure",
        "wait for some more blocks, and judge again",
        Outcome.PENDING,
    )
    ANCHOR_CHAIN_UNAVAILABLE = (
        "anchor_chain_unavailable",
        Layer.ANCHOR,
        "the endpoints of that blockchain don't answer, or not with one voice",
        "look at the endpoints that --rpc names, and judge again",
        Outcome.PENDING,
    )
    ANCHOR_CHAIN_UNKNOWN = (
        "anchor_chain_unknown",
        Layer.ANCHOR,
        "no data of that blockchain is at hand",
        "name a file with the transactions of that chain by --chain FILE, and judge again",
        Outcome.PENDING,
    )
    ANCHOR_CHAIN_REFUSED = (
        "anchor_chain_refused",
        Layer.ANCHOR,
        "the network that was named has no anchors on that blockchain",
        "name the network that the events belong to with --network NAME, or none, and judge again",
    )
    ANCHOR_WRONG_CONTRACT = (
        "anchor_wrong_contract",
        Layer.ANCHOR,
        "the transaction did not go to Ceramic's anchor contract",
        "nobody has to act: no anchor service of Ceramic makes such proofs",
    )

    PREV_MISSING = (
        "prev_missing",
        Layer.HISTORY,
        "the event it builds on has not been seen",
        "ask the source for the events before it; the verdict follows when they are there",
        Outcome.PENDING,
    )
    PREV_PENDING = (
        "prev_pending",
        Layer.HISTORY,
        "an event it builds on is itself pending",
        "see to what that earlier event waits for; this one follows by itself",
        Outcome.PENDING,
    )
    PREV_OTHER_STREAM = (
        "prev_other_stream",
        Layer.HISTORY,
        "prev is an event of another stream",
        "the writer has to build on an event of the same stream",
    )
    PREV_INVALID = (
        "prev_invalid",
        Layer.HISTORY,
        "an event it builds on was rejected",
        "look up why that event was rejected; the writer has to build on one that stands",
    )
    INIT_MISSING = (
        "init_missing",
        Layer.HISTORY,
        "the stream's init event has not been seen",
        "ask the source for the init event: the StreamID holds its CID",
        Outcome.PENDING,
    )
    PAYLOAD_PRUNED = (
        "payload_pruned",
        Layer.HISTORY,
        "the store has pruned what the event, or one that it builds on, says",
        "ask the source for all events of the stream again, and hand them in",
        Outcome.PENDING,
    )
    INIT_INVALID = (
        "init_invalid",
        Layer.HISTORY,
        "the stream's init event was rejected",
        "look up why the init event was rejected; the writer has to begin another stream",
    )

    PATCH_FAILED = (
        "patch_failed",
        Layer.STATE,
        "the JSON patch does not apply to the state before it",
        "the writer has to make the patch for the content as it is at prev",
    )
    SCHEMA_VIOLATION = (
        "schema_violation",
        Layer.STATE,
        "the content does not fit the model's schema",
        "the writer has to write content that the model's schema allows",
    )
    IMMUTABLE_FIELD_CHANGED = (
        "immutable_field_changed",
        Layer.STATE,
        "a field was changed that the model declares immutable",
        "the writer has to leave the field as it is, or begin another stream",
    )
    SET_UNIQUE_MISMATCH = (
        "set_unique_mismatch",
        Layer.STATE,
        "the unique fields differ from the stream's identity",
        "the writer has to keep the values of the unique fields, or use the stream of the new ones",
    )
    DET_INIT_WITH_CONTENT = (
        "det_init_with_content",
        Layer.STATE,
        "the init of a single or set stream has content",
        "the writer has to leave the init empty, and put the content into a first data event",
    )
    UNIQUE_MISSING = (
        "unique_missing",
        Layer.STATE,
        "the init header has no `unique`, which streams of this model need",
        "the writer has to put the bytes that tell its stream from others into the init header",
    )
    UNIQUE_FORBIDDEN = (
        "unique_forbidden",
        Layer.STATE,
        "the init header has `unique`, which the only stream of an account must not have",
        "the writer has to leave out `unique`, and so use the stream that the account has",
    )
    HEADER_FIELD_FORBIDDEN = (
        "header_field_forbidden",
        Layer.STATE,
        "a data event's header has a field it must not have",
        "the writer has to leave the field out: only the init event sets it",
    )
    MODEL_IS_INTERFACE = (
        "model_is_interface",
        Layer.STATE,
        "the model is an interface, which has no instances",
        "the writer has to use a model that implements the interface",
    )
    MODEL_INVALID = (
        "model_invalid",
        Layer.STATE,
        "the model's definition breaks the rules for models",
        "the author has to publish a corrected model, and writers to use that one",
    )
    MODEL_UPDATE_FORBIDDEN = (
        "model_update_forbidden",
        Layer.STATE,
        "the event changes a model, and models never change",
        "the author has to publish the new version as another model",
    )
    RELATION_INVALID = (
        "relation_invalid",
        Layer.STATE,
        "a relation names no stream, or one that is not of the model it is declared for",
        "the writer has to link a stream of the right model",
    )
    SCHEMA_UNUSABLE = (
        "schema_unusable",
        Layer.STATE,
        "no content can be checked by the model's schema, which is wrong in itself",
        "the author has to publish the model anew with a schema that works",
    )
    RELATION_MISSING = (
        "relation_missing",
        Layer.STATE,
        "a document that the content refers to has not been seen",
        "ask the source for that document's stream; the verdict follows when it is there",
        Outcome.PENDING,
    )
    MODEL_MISSING = (
        "model_missing",
        Layer.STATE,
        "the model has not been seen",
        "ask the source for the model's stream; the verdict follows when it is there",
        Outcome.PENDING,
    )


class Finding(NamedTuple):
    """Why something is refused or has to wait: the code, and in words what exactly."""

    reason: Reason
    detail: str

    @property
    def is_certain(self) -> bool:
        """Whether more data would change nothing."""
        return self.reason.outcome is Outcome.REJECTED


BY_CODE: dict[str, Reason] = {reason.value: reason for reason in Reason}
