"""Operations as an aiohttp application: parameters are read before, and errors told after."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs, web

from ceramic_node.http.handlers import Handler
from ceramic_node.http.keys import FAILURE
from ceramic_node.http.v1.api.operations import Operation
from ceramic_node.http.v1.api.params import read_parameters
from ceramic_node.http.v1.problems import (
    BAD_BODY,
    INTERNAL,
    METHOD_REFUSED,
    NOT_FOUND,
    TOO_LARGE,
    TYPE_REFUSED,
    Failing,
    Problem,
    problem_of,
)
from ceramic_protocol.errors import CeramicError, StoreCorruption

_LOG: Final = logging.getLogger(__name__)
_ALLOWED_HEADERS: Final = "Authorization, Content-Type, If-None-Match, Last-Event-ID"
_STATUSES: Final = {
    failing.status: failing for failing in (NOT_FOUND, METHOD_REFUSED, TOO_LARGE, TYPE_REFUSED, BAD_BODY)
}


def application(operations: Iterable[Operation[Any]]) -> web.Application:
    """An application of operations, to be put below a prefix."""
    app = web.Application(middlewares=[_told])
    for operation in operations:
        handler = _handler(operation)
        if operation.method == hdrs.METH_GET:
            app.router.add_get(operation.path, handler, allow_head=not operation.is_endless)
        else:
            app.router.add_route(operation.method, operation.path, handler)
    return app


def _handler(operation: Operation[Any]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await operation.handler(request, read_parameters(operation.asked, request))

    return answer


@web.middleware
async def _told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a problem where something goes wrong."""
    try:
        return await handler(request)
    except CeramicError as error:
        if isinstance(error, StoreCorruption):
            request[FAILURE] = error
        return _problem(request, error).answer()
    except web.HTTPException as error:
        if isinstance(error, web.HTTPMethodNotAllowed) and request.method == hdrs.METH_OPTIONS:
            return _options(error)
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _of_library(error).answer()
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001  # told without its words, which nobody has thought about
        request[FAILURE] = error
        _LOG.exception("request failed: %s %s", request.method, request.path)
        return Problem(INTERNAL, "a fault of the node; its log has more on it").answer()


def _options(error: web.HTTPMethodNotAllowed) -> web.Response:
    """What a browser asks before it sends something to another origin."""
    methods = ", ".join(sorted(error.allowed_methods))
    headers = {
        hdrs.ALLOW: methods,
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: methods,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _ALLOWED_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)


def _problem(request: web.Request, error: CeramicError) -> Problem:
    problem = problem_of(error)
    if problem.failing.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("request failed: %s %s", request.method, request.path, exc_info=error)
    return problem


def _of_library(error: web.HTTPException) -> Problem:
    status = HTTPStatus(error.status)
    failing = _STATUSES.get(status) or Failing(status.name.lower(), status, "")
    headers = {"Allow": error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
    return Problem(failing, failing.summary or status.phrase, headers=headers)
