"""An operation: what is asked, who answers, what the answers are, and examples."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from aiohttp import web

from ceramic_node.http.v1.problems import Failing

_Q = TypeVar("_Q")


@dataclass(frozen=True, slots=True)
class Content:
    """What a body is: its media type, and the type of its JSON value; None for anything else."""

    media_type: str
    shape: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that isn't a problem. Without contents it has no body."""

    text: str
    contents: tuple[Content, ...] = ()
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Example:
    """A request that shows the operation, to be made after those before it, and what it gives."""

    text: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    media_type: str | None = None
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Operation(Generic[_Q]):
    """An operation.

    Attributes:
        method: of HTTP.
        path: below the prefix, with parameters in braces.
        name: the same for ever; what clients that are made from the document call it.
        text: what it does.
        asked: the dataclass of its parameters.
        handler: answers, given the request and its parameters.
        answers: what it answers.
        problems: what may go wrong, beside what may go wrong anywhere.
        bodies: what the request's body may be; none if it has none.
        examples: the first one stands in the document.
        is_endless: whether the answer goes on until the client ends it.
    """

    method: str
    path: str
    name: str
    text: str
    asked: type[_Q]
    handler: Callable[[web.Request, _Q], Awaitable[web.StreamResponse]]
    answers: tuple[Answer, ...]
    problems: tuple[Failing, ...] = ()
    bodies: tuple[Content, ...] = ()
    examples: tuple[Example, ...] = ()
    is_endless: bool = False
