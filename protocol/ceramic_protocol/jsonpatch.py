"""JSON patches as js-ceramic applies them: RFC 6902 through fast-json-patch without validation.

Lenient where that library is (consensus.md section 4: a missing key is no error for `remove` and `replace`),
atomic, and nothing that was given is changed: containers are copied when they are first written to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.limits import (
    MAX_ARRAY_FILL,
    MAX_DOCUMENT_DEPTH,
    MAX_PATCH_OPS,
    MAX_PATCH_WORK,
    MAX_POINTER_TOKENS,
    MAX_RECENT_POINTER_CHARS,
    MAX_RECENT_POINTERS,
)
from ceramic_protocol.reasons import Reason

_VALUE_COST: Final = 16
_FILL_COST: Final = 256
_SHIFTED_PER_COST: Final = 16


class _Missing:
    """JavaScript's `undefined`."""


_MISSING: Final = _Missing()


def apply_patch(document: IpldValue, patch: IpldValue) -> IpldValue:
    """The document after all operations of `patch`.

    Raises:
        DecodeError: `patch_failed`; the document is as it was.
    """
    if not isinstance(patch, list):
        raise _fail("patch is not a list of operations")
    if len(patch) > MAX_PATCH_OPS:
        raise _fail(f"patch of {len(patch)} operations")
    work = _Work(document)
    for index, operation in enumerate(patch):
        if not isinstance(operation, dict):
            raise _fail(f"operation {index} is not a map")
        try:
            work.apply(operation)
        except DecodeError as error:
            raise _fail(f"operation {index}: {error.detail}") from None
    return None if isinstance(work.root, _Missing) else work.root


def _fail(detail: str) -> DecodeError:
    return DecodeError(Reason.PATCH_FAILED, detail)


def same_json(left: object, right: object) -> bool:
    """Equality as JSON has it: 1 is 1.0, but true is not 1, and the order of keys does not count."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return type(left) is type(right) and left == right


def _pointer(operation: Mapping[str, IpldValue], member: str) -> tuple[str, ...]:
    path = operation.get(member)
    if not isinstance(path, str):
        raise _fail(f"{member} is not text")
    return _usual_steps(path, member) if len(path) <= MAX_RECENT_POINTER_CHARS else _steps(path, member)


def _steps(path: str, member: str) -> tuple[str, ...]:
    if not path:
        return ()
    head, *tokens = path.split("/")
    if head:
        raise _fail(f"{member} {path[:80]!r} does not start with /")
    if len(tokens) > MAX_POINTER_TOKENS:
        raise _fail(f"{member} has {len(tokens)} steps")
    keys = tuple(token.replace("~1", "/").replace("~0", "~") for token in tokens)
    if "__proto__" in keys or ("constructor", "prototype") in pairwise(keys):
        raise _fail(f"{member} leads to a JavaScript prototype")
    return keys


# The documents of a model are changed in the same few places.
_usual_steps: Final = lru_cache(MAX_RECENT_POINTERS)(_steps)


def _index(array: Sequence[object], key: str) -> int | None:
    """Position in an array; None for a key that JavaScript would put beside the items."""
    if key == "-":
        return len(array)
    if key == "" or (key.isascii() and key.isdigit()):
        return int(key[:20] or "0")
    return None


class _Work:
    """A document being changed. Containers in `_owned` are copies of ours; the rest belongs to others."""

    def __init__(self, root: IpldValue) -> None:
        self.root: Any = root
        self._owned: dict[int, object] = {}
        self._work_left = MAX_PATCH_WORK

    def apply(self, operation: Mapping[str, IpldValue]) -> None:
        name, path = operation.get("op"), _pointer(operation, "path")
        if name in ("add", "replace"):
            self._put(path, operation.get("value", _MISSING), insert=name == "add")
        elif name == "remove":
            self._remove(path)
        elif name == "test":
            self._test(path, operation.get("value", _MISSING))
        elif name == "copy":
            self._put(path, self._copy_of(self._get(_pointer(operation, "from")), len(path)), insert=True)
        elif name == "move":
            self._move(_pointer(operation, "from"), path)
        else:
            raise _fail(f"unknown operation {str(name)[:40]!r}")

    def _get(self, path: tuple[str, ...]) -> Any:
        value = self.root
        for key in path:
            value = self._child(value, key)
        return value

    @staticmethod
    def _child(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return value.get(key, _MISSING)
        if isinstance(value, list):
            index = _index(value, key)
            return value[index] if index is not None and index < len(value) else _MISSING
        raise _fail(f"{key[:80]!r} is looked for in a value that holds nothing")

    def _own(self, value: Any) -> Any:
        if not isinstance(value, dict | list):
            raise _fail("the parent is missing or holds nothing")
        if id(value) in self._owned:
            return value
        copy = value.copy()
        self._owned[id(copy)] = copy
        return copy

    def _writable_parent(self, path: tuple[str, ...]) -> Any:
        self.root = parent = self._own(self.root)
        for key in path[:-1]:
            child = self._own(self._child(parent, key))
            if isinstance(parent, dict):
                parent[key] = child
            else:
                parent[_index(parent, key)] = child
            parent = child
        return parent

    def _put(self, path: tuple[str, ...], value: Any, *, insert: bool) -> None:
        if not path:
            self.root = value
            return
        parent, key = self._writable_parent(path), path[-1]
        if isinstance(parent, dict):
            if isinstance(value, _Missing):
                parent.pop(key, None)
            else:
                parent[key] = value
        else:
            self._put_item(parent, key, None if isinstance(value, _Missing) else value, insert=insert)

    def _put_item(self, array: list[Any], key: str, value: Any, *, insert: bool) -> None:
        index = _index(array, key)
        if index is None:
            return
        if insert:
            self._charge_shift(array, index)
            array.insert(min(index, len(array)), value)
        elif index < len(array):
            array[index] = value
        else:
            gap = index - len(array)
            if gap > MAX_ARRAY_FILL:
                raise _fail(f"index {key[:20]} is far behind the end of the array")
            self._charge(gap * _FILL_COST)
            array.extend([None] * gap)
            array.append(value)

    def _charge_shift(self, array: list[Any], index: int) -> None:
        """Pay for the items behind `index`, which all move by one."""
        self._charge(max(0, len(array) - index) // _SHIFTED_PER_COST)

    def _charge(self, cost: int) -> None:
        self._work_left -= cost
        if self._work_left < 0:
            raise _fail(f"takes more work than {MAX_PATCH_WORK}")

    def _remove(self, path: tuple[str, ...]) -> Any:
        if not path:
            removed, self.root = self.root, None
            return removed
        parent, key = self._writable_parent(path), path[-1]
        if isinstance(parent, dict):
            return parent.pop(key, _MISSING)
        # What is no index at all counts as 0 here, in JavaScript's `splice`.
        index = _index(parent, key) or 0
        self._charge_shift(parent, index)
        return parent.pop(index) if index < len(parent) else _MISSING

    def _move(self, source: tuple[str, ...], path: tuple[str, ...]) -> None:
        if path:
            # Copied although it only moves, so that depth and work are bounded for both in one place.
            self._put(path, self._copy_of(self._remove(source), len(path), _MISSING), insert=True)
        else:
            self.root = self._get(source)

    def _test(self, path: tuple[str, ...], value: Any) -> None:
        found = self._get(path)
        if found is not value and not same_json(found, value):
            raise _fail(f"test of /{'/'.join(path)[:80]} failed")

    def _copy_of(self, value: Any, depth: int, missing: Any = None) -> Any:
        if isinstance(value, _Missing):
            return missing
        self._charge(_VALUE_COST + (len(value) if isinstance(value, str | bytes) else 0))
        if depth > MAX_DOCUMENT_DEPTH:
            raise _fail(f"document would be nested deeper than {MAX_DOCUMENT_DEPTH}")
        if isinstance(value, dict):
            self._charge(sum(map(len, value)))
            return {key: self._copy_of(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self._copy_of(item, depth + 1) for item in value]
        return value
