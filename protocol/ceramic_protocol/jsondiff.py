"""JSON patches from two contents, as JavaScript clients make them (`compare` of fast-json-patch 3.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from ceramic_protocol.jsonpatch import same_json

Operation: TypeAlias = dict[str, Any]


def patch_between(before: Any, after: Any) -> list[Operation]:
    """The `add`, `remove` and `replace` that turn one content into another; none if they are equal.

    Members that differ are compared within, items of lists by their place. Values are passed on, not copied.
    A content that isn't a map or list, or a map that becomes a list, is replaced as a whole.
    """
    operations: list[Operation] = []
    pairs: list[tuple[str, Any, Any]] = [("", before, after)]
    while pairs:
        path, old, new = pairs.pop()
        if not _same_kind(old, new):
            if not same_json(old, new):
                operations.append({"op": "replace", "path": path, "value": new})
            continue
        old_members, new_members = _members(old), _members(new)
        # From the end, so that what is removed from a list moves nothing that is still to be removed.
        for name in reversed(list(old_members)):
            place = f"{path}/{_escaped(name)}"
            if name in new_members:
                pairs.append((place, old_members[name], new_members[name]))
            else:
                operations.append({"op": "remove", "path": place})
        operations.extend(
            {"op": "add", "path": f"{path}/{_escaped(name)}", "value": value}
            for name, value in new_members.items()
            if name not in old_members
        )
    return operations


def _same_kind(old: object, new: object) -> bool:
    return (isinstance(old, dict) and isinstance(new, dict)) or (
        isinstance(old, list) and isinstance(new, list)
    )


def _members(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {str(place): item for place, item in enumerate(value)}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
