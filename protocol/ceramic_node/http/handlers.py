"""Handlers of requests, and how those of the APIs of others are put into an application."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ceramic_protocol.errors import CeramicError

__all__ = ["EarlyAnswer", "Handler", "Middleware", "add_nothing", "add_resource"]


class EarlyAnswer(CeramicError):
    """What ends a request before its handler is through; `answer` is what is sent."""

    code = "early_answer"

    def answer(self) -> web.Response:
        """The answer."""
        raise NotImplementedError


def add_resource(
    app: web.Application, path: str, handlers: Mapping[str, Handler], *, options: bool = True
) -> None:
    """Serve a path as ceramic-one does: any method that isn't served gives 405, and nothing has a body.

    Args:
        app: the application.
        path: the path, as aiohttp writes them.
        handlers: what serves which method.
        options: whether OPTIONS gives 200.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        handler = handlers.get(request.method)
        if handler is None:
            is_asked = options and request.method == "OPTIONS"
            return web.Response(status=HTTPStatus.OK if is_asked else HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            return await handler(request)
        except EarlyAnswer as early:
            return early.answer()

    app.router.add_route("*", path, answer)


def add_nothing(app: web.Application, prefix: str) -> None:
    """Answer 404 without a body to whatever else is asked for below a prefix."""

    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(status=HTTPStatus.NOT_FOUND)

    app.router.add_route("*", f"{prefix}/{{rest:.*}}", answer)
