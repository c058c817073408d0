"""Parameters of operations, as the fields of dataclasses that handlers are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, TypeVar

from aiohttp import web

from ceramic_node.http.v1.api.kinds import BadValue, Kind
from ceramic_node.http.v1.problems import BAD_PARAMETER, Problem
from ceramic_protocol.limits import MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain

_T = TypeVar("_T")
_Q = TypeVar("_Q")
_KEY: Final = "parameter"


class Where(StrEnum):
    """Where a parameter stands."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. `most` is how often it may be given; with more than once its values come as a tuple."""

    kind: Kind[Any]
    text: str
    name: str | None
    where: Where
    most: int
    is_required: bool
    default: Any


class Bound:
    """A parameter with its names: that of the field, and that in HTTP."""

    def __init__(self, field_name: str, parameter: Parameter) -> None:
        self.field_name: Final = field_name
        self.parameter: Final = parameter
        self.name: Final = parameter.name or field_name


@dataclass(frozen=True, slots=True)
class NoParameters:
    """An operation that takes none."""


def in_path(kind: Kind[_T], text: str) -> _T:
    """A part of the path."""
    made: _T = _field(Parameter(kind, text, None, Where.PATH, 1, is_required=True, default=MISSING))
    return made


def required(kind: Kind[_T], text: str, name: str | None = None) -> _T:
    """A parameter that has to be given."""
    made: _T = _field(Parameter(kind, text, name, Where.QUERY, 1, is_required=True, default=MISSING))
    return made


def maybe(kind: Kind[_T], text: str, name: str | None = None, where: Where = Where.QUERY) -> _T | None:
    """A parameter that is None unless it is given."""
    made: _T | None = _field(Parameter(kind, text, name, where, 1, is_required=False, default=None))
    return made


def usually(kind: Kind[_T], default: _T, text: str, name: str | None = None) -> _T:
    """A parameter with a default."""
    made: _T = _field(Parameter(kind, text, name, Where.QUERY, 1, is_required=False, default=default))
    return made


def several(kind: Kind[_T], most: int, text: str) -> tuple[_T, ...]:
    """A parameter that may be given several times."""
    made: tuple[_T, ...] = _field(
        Parameter(kind, text, None, Where.QUERY, most, is_required=False, default=())
    )
    return made


def _field(parameter: Parameter) -> Any:
    if parameter.is_required:
        return field(metadata={_KEY: parameter})
    return field(default=parameter.default, metadata={_KEY: parameter})


_PARAMETERS: Final[dict[Any, tuple[Bound, ...]]] = {}
_QUERY_NAMES: Final[dict[Any, frozenset[str]]] = {}


def parameters_of(asked: Any) -> tuple[Bound, ...]:
    """The parameters of an operation, in order, by the dataclass of what is asked."""
    if asked not in _PARAMETERS:
        _PARAMETERS[asked] = tuple(Bound(item.name, item.metadata[_KEY]) for item in fields(asked))
    return _PARAMETERS[asked]


def _query_names(asked: Any) -> frozenset[str]:
    if asked not in _QUERY_NAMES:
        bounds = parameters_of(asked)
        names = frozenset(bound.name for bound in bounds if bound.parameter.where is Where.QUERY)
        _QUERY_NAMES[asked] = names
    return _QUERY_NAMES[asked]


def read_parameters(asked: type[_Q], request: web.Request) -> _Q:
    """What a request asks.

    Raises:
        Problem: a parameter isn't known, isn't what it may be, or is missing.
    """
    known = _query_names(asked)
    for name in request.query:
        if name not in known:
            raise Problem(BAD_PARAMETER, f"there is no parameter {_told(name)!r} here")
    values = {}
    for bound in parameters_of(asked):
        values[bound.field_name] = _value(bound, _given(bound, request))
    return asked(**values)


def _given(bound: Bound, request: web.Request) -> Sequence[str]:
    where = bound.parameter.where
    if where is Where.PATH:
        return [request.match_info[bound.name]]
    source = request.headers if where is Where.HEADER else request.query
    return source.getall(bound.name, ())


def _value(bound: Bound, given: Sequence[str]) -> Any:
    parameter = bound.parameter
    if not given:
        if parameter.is_required:
            raise Problem(BAD_PARAMETER, f"{bound.name} is missing")
        return parameter.default
    if len(given) > parameter.most:
        raise Problem(BAD_PARAMETER, f"{bound.name} is given {len(given)} times; at most {parameter.most}")
    try:
        values = tuple(map(parameter.kind.parse, given))
    except BadValue as error:
        raise Problem(BAD_PARAMETER, f"{bound.name}: {_told(str(error))}") from None
    return values if parameter.most > 1 else values[0]


def _told(text: str) -> str:
    return plain(text, MAX_TOLD_CHARS)
