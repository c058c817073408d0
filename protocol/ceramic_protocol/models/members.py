"""The members of a model's definition: what belongs to whom, and what is shown where (consensus.md 3.1).

Versions 1.0 and 2.0 differ in what they allow. Members that these objects don't have are let through, as in
js-ceramic.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, NoReturn

from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.reasons import Reason


class AccountKind(StrEnum):
    """How many documents of a model an account has."""

    LIST = "list"
    SINGLE = "single"
    SET = "set"
    NONE = "none"

    @property
    def is_deterministic(self) -> bool:
        """Whether model, account and unique fields alone name the document."""
        return self in {AccountKind.SINGLE, AccountKind.SET}


class AccountRelation(NamedTuple):
    """The account relation; `fields` are those that tell the documents of a set apart."""

    kind: AccountKind
    fields: tuple[str, ...] = ()


class Relation(NamedTuple):
    """What a field refers to: an account, or a document, of a certain model unless that is None."""

    is_document: bool
    model: StreamId | None = None


class View(NamedTuple):
    """A member that is computed: by its type, and for relations the model and property that are meant."""

    type: str
    model: StreamId | None = None
    property: str | None = None


_METADATA_VIEWS: Final = frozenset({"documentAccount", "documentVersion"})
_RELATION_VIEWS: Final = frozenset({"relationDocument", "relationFrom", "relationCountFrom"})
_KINDS: Final = {
    "1.0": frozenset({"list", "single"}),
    "2.0": frozenset(AccountKind),
}


def refuse(why: str) -> NoReturn:
    """Refuse a model.

    Raises:
        DecodeError: `model_invalid`.
    """
    raise DecodeError(Reason.MODEL_INVALID, why)


def text(content: Mapping[str, Any], name: str) -> str:
    """A member that has to be text.

    Raises:
        DecodeError: `model_invalid`.
    """
    value = content.get(name)
    return value if isinstance(value, str) else refuse(f"{name} is no text")


def texts(value: object, name: str) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        DecodeError: `model_invalid`.
    """
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        refuse(f"{name} is no list of texts")
    return tuple(value)


def stream_id(value: object, name: str) -> StreamId:
    """A StreamID as text.

    Raises:
        DecodeError: `model_invalid`.
    """
    try:
        return StreamId.parse(value) if isinstance(value, str) else refuse(f"{name} is no text")
    except IdentifierError as error:
        refuse(f"{name}: {error}")


def account_relation(value: object, version: str) -> AccountRelation:
    """The account relation of a definition.

    Raises:
        DecodeError: `model_invalid`.
    """
    members = _members(value, "accountRelation")
    kind = members.get("type")
    if not isinstance(kind, str) or kind not in _KINDS[version]:
        refuse(f"accountRelation has an unknown type for version {version}: {str(kind)[:80]}")
    fields = texts(members.get("fields"), "accountRelation.fields") if kind == "set" else ()
    return AccountRelation(AccountKind(kind), fields)


def relations(value: object, version: str) -> dict[str, Relation]:
    """Relations by the fields that hold them.

    Raises:
        DecodeError: `model_invalid`.
    """
    return {name: _relation(item, name, version) for name, item in _members(value, "relations").items()}


def views(value: object, version: str) -> dict[str, View]:
    """Views by name.

    Raises:
        DecodeError: `model_invalid`.
    """
    return {name: _view(item, name, version) for name, item in _members(value, "views").items()}


def _members(value: object, name: str) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else refuse(f"{name[:80]} is no map")


def _relation(value: object, name: str, version: str) -> Relation:
    members = _members(value, f"relation {name}")
    kind = members.get("type")
    if kind == "account":
        return Relation(is_document=False)
    if kind == "document" and "model" in members:
        return Relation(True, _model(members["model"], name, may_be_null=version != "1.0"))
    refuse(f"relation {name[:80]!r} is neither to an account nor to a document with its model")


def _view(value: object, name: str, version: str) -> View:
    members = _members(value, f"view {name}")
    kind = members.get("type")
    if isinstance(kind, str) and kind in _METADATA_VIEWS:
        return View(kind)
    is_set = kind == "relationSetFrom" and version != "1.0"
    if not is_set and (not isinstance(kind, str) or kind not in _RELATION_VIEWS):
        refuse(f"view {name[:80]!r} has an unknown type for version {version}: {str(kind)[:80]}")
    if "model" not in members:
        refuse(f"view {name[:80]!r} names no model")
    may_be_null = kind == "relationDocument" and version != "1.0"
    model = _model(members["model"], name, may_be_null=may_be_null)
    return View(str(kind), model, text(members, "property"))


def _model(value: object, name: str, *, may_be_null: bool) -> StreamId | None:
    return None if value is None and may_be_null else stream_id(value, f"model of {name[:80]!r}")
