"""The rules for documents of a model, in the order of js-ceramic (consensus.md 3.2).

Where ceramic-one differs it is js-ceramic's rule: so a data event's header has nothing but `shouldIndex`, and
`modelVersion`, which ceramic-one has for models that were changed, is refused, as models never change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import MODEL
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.models.immutable import check_immutable
from ceramic_protocol.models.members import AccountKind
from ceramic_protocol.models.relations import check_relations
from ceramic_protocol.models.unique import unique_of
from ceramic_protocol.models.values import is_truthy
from ceramic_protocol.reasons import Finding, Reason


class Change(NamedTuple):
    """A data event: its header, its patch, and the content before and after that.

    `is_first` says that there is no other data event between it and the init event.
    """

    header: Mapping[str, IpldValue]
    patch: IpldValue
    before: IpldValue
    after: IpldValue
    is_first: bool


@dataclass(frozen=True, slots=True)
class InstanceRules:
    """The rules for one document: those of its model, with its init header and what other streams say."""

    header: InitHeader
    model: ModelDefinition
    context: Context

    @classmethod
    def of(cls, header: InitHeader, context: Context) -> Self | Finding:
        """The rules for a document with this init header, or why there are none.

        Returns:
            `model_missing` while the model isn't known, `model_invalid`, or what else is said of the model.
        """
        if header.model is None or header.model.stream_type != MODEL:
            return Finding(Reason.MODEL_INVALID, f"{header.model} is no model")
        model = context.models.get(header.model)
        if model is None:
            return Finding(Reason.MODEL_MISSING, f"model {header.model}")
        if isinstance(model, Finding):
            return model._replace(detail=f"model {header.model}: {model.detail}")
        return cls(header, model, context)

    def check_init(self, content: IpldValue) -> Finding | None:
        """What is wrong with the init event, None if nothing is; what is certain before what may change."""
        if self.model.interface:
            return Finding(Reason.MODEL_IS_INTERFACE, f"{self.header.model} is an interface")
        if self.model.account.kind.is_deterministic:
            if is_truthy(content):
                return Finding(Reason.DET_INIT_WITH_CONTENT, f"account relation {self.model.account.kind}")
            return self._check_unique_of_init()
        found = self._check_content(content)
        return found if found is not None and found.is_certain else self._check_unique_of_init() or found

    def check_data(self, change: Change) -> Finding | None:
        """What is wrong with a data event, None if nothing is; what is certain before what may change."""
        refused = self.check_header(change.header)
        if refused is not None:
            return refused
        found = self._check_content(change.after)
        if found is not None and found.is_certain:
            return found
        return self._check_locked(change) or self._check_unique(change.after) or found

    @staticmethod
    def check_header(header: Mapping[str, IpldValue]) -> Finding | None:
        """What is wrong with a data event's header; js-ceramic looks at that before it applies the patch."""
        other = next((name for name in header if name != "shouldIndex"), None)
        if other is None:
            return None
        return Finding(Reason.HEADER_FIELD_FORBIDDEN, f"header.{other[:80]} in a data event")

    def _check_content(self, content: IpldValue) -> Finding | None:
        schema = self.model.schema.compiled()
        if schema.unusable is not None:
            return Finding(Reason.SCHEMA_UNUSABLE, schema.unusable)
        error = schema.check(content)
        if error is not None:
            return Finding(Reason.SCHEMA_VIOLATION, error)
        return check_relations(self.model, content, self.context)

    def _check_unique_of_init(self) -> Finding | None:
        kind, unique = self.model.account.kind, self.header.unique
        if kind is AccountKind.SINGLE and unique is not None:
            return Finding(Reason.UNIQUE_FORBIDDEN, "account relation single")
        if kind in {AccountKind.SET, AccountKind.LIST} and unique is None:
            return Finding(Reason.UNIQUE_MISSING, f"account relation {kind}")
        return None

    def _check_locked(self, change: Change) -> Finding | None:
        if change.is_first and self.model.account.kind.is_deterministic:
            return None
        return check_immutable(self.model.immutable_fields, change.patch, change.before, change.after)

    def _check_unique(self, content: IpldValue) -> Finding | None:
        if self.model.account.kind is not AccountKind.SET:
            return None
        unique = unique_of(self.model.account.fields, content)
        if unique == self.header.unique:
            return None
        words = unique.decode()[:200]
        return Finding(
            Reason.SET_UNIQUE_MISMATCH, f"the fields of the set make {words!r}, the header has another"
        )


def check_model_change() -> Finding:
    """What is wrong with any data event of a model: js-ceramic's rule; ceramic-one allows some changes."""
    return Finding(Reason.MODEL_UPDATE_FORBIDDEN, "a data event in a model's stream")
