"""What published tables say that they hold, and whether a version of an export may follow it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ceramic_connectors.publishing.export_version import ExportVersion
from ceramic_protocol.errors import UsageError


@dataclass(frozen=True, slots=True)
class Held:
    """An export, the number of the version that was published last (0 for none as yet), and its rules."""

    export: str
    number: int
    rules: Mapping[str, Any]

    @classmethod
    def parse(cls, export: str, number: str, rules: str, place: str) -> Self:
        """From the texts that are kept beside the tables.

        Raises:
            UsageError: they make no sense.
        """
        try:
            found = json.loads(rules)
            return cls(export, int(number), dict(found))
        except (ValueError, TypeError, RecursionError):
            msg = f"what {place} says of its export makes no sense: drop it, or name another namespace"
            raise UsageError(msg) from None

    def refuse_unless_followed_by(self, version: ExportVersion, place: str, *, overwrite: bool) -> None:
        """See to it that a version is a later one of the same export, under the same rules.

        Args:
            version: what is to be published.
            place: what to call the tables in a sentence.
            overwrite: whether it may take the place of any export.

        Raises:
            UsageError: it isn't.
        """
        if overwrite:
            return
        way_out = "name another namespace, or replace all rows with --overwrite"
        if self.export != version.export:
            msg = f"{place} has the rows of another export: {way_out}"
            raise UsageError(msg)
        for name, value in version.rules.items():
            if self.rules.get(name) != value:
                has = f"{place} was made with {name} {self.rules.get(name)!r} and not {value!r}"
                msg = f"{has}: {way_out}"
                raise UsageError(msg)
        if self.number > version.number:
            msg = f"{place} has version {self.number} of this export, which is at {version.number}: {way_out}"
            raise UsageError(msg)


def rules_text(version: ExportVersion) -> str:
    """The rules as they are kept beside the tables."""
    return json.dumps(dict(version.rules), sort_keys=True)
