"""The gate that every request goes through first, whichever API it is for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import HttpVersion10, web

from ceramic_connectors.config.values import is_loopback
from ceramic_node.config.node import NodeConfig
from ceramic_node.http.guard.bodies import Bodies
from ceramic_node.http.guard.origins import HostCheck, OriginCheck
from ceramic_node.http.guard.rates import Rates, address_key
from ceramic_node.http.guard.refusals import CODE, refusal, too_many
from ceramic_node.http.guard.scopes import route_of, scope_of
from ceramic_node.http.guard.tickets import PARAMETER, TICKET_ROUTES, TICKETS, TOKEN
from ceramic_node.http.guard.token_file import TokenFile
from ceramic_node.http.guard.tokens import Scope, Token
from ceramic_node.http.handlers import Handler, Middleware
from ceramic_protocol.limits import MAX_TOKENS

_SCHEME: Final = "bearer"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ALLOWED: Final = "Access-Control-Allow-Headers"
_CHALLENGE: Final = 'Bearer realm="ceramic"'

OnRefused = Callable[[str], object]
"""Told the code of each refusal."""


@dataclass(slots=True)
class Guard:
    """Hosts, rates, tokens, origins and bodies, in this order.

    Attributes:
        config: says what is let in.
        tokens: None if everybody may do everything.
        on_refused: told the code of each refusal.
    """

    config: NodeConfig
    tokens: TokenFile | None = None
    on_refused: OnRefused = lambda _code: None
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _hosts: HostCheck = field(init=False)
    _origins: OriginCheck = field(init=False)
    _bodies: Bodies = field(init=False)
    _addresses: Rates[str] = field(init=False)
    _token_rates: Rates[bytes] = field(init=False)
    _under_way: dict[Token, set[asyncio.BaseTransport]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Make the parts."""
        config = self.config
        self._hosts = HostCheck(config.allowed_hosts, any_name=self.tokens is not None)
        self._origins = OriginCheck(config.cors_origins)
        self._bodies = Bodies(config.max_body, config.max_bodies, config.body_seconds)
        self._addresses = Rates(self.clock)
        self._token_rates = Rates(self.clock, MAX_TOKENS)
        if self.tokens is not None:
            self.tokens.on_change(self.end_stale)

    @property
    def held(self) -> int:
        """Bytes of bodies in memory."""
        return self._bodies.held

    @property
    def middleware(self) -> Middleware:
        """What `make_app` takes."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._pass(request, handler)

        return guard

    def add_to(self, app: web.Application) -> None:
        """See the answers of an application before they are sent."""

        async def prepare(request: web.Request, response: web.StreamResponse) -> None:
            del request
            # For browsers the star means all headers but the one that tokens come in.
            if self.tokens is not None and response.headers.get(_ALLOWED) == "*":
                response.headers[_ALLOWED] = "*, Authorization"

        app.on_response_prepare.append(prepare)

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.version < HttpVersion10:
            # Without headers there is nothing by which to tell who asks.
            old = refusal(400, "malformed_request", "requests are those of HTTP/1.0 or 1.1", close=True)
            return self._refuse(request, old)
        refused = self._by_name(request) or self._by_address(request)
        if refused is not None:
            return self._refuse(request, refused)
        token, refused = self._by_token(request)
        refused = refused or self._bodies.refusal(request)
        if refused is not None:
            return self._refuse(request, refused)
        held, refused = await self._bodies.read(request)
        try:
            if refused is not None:
                return self._refuse(request, refused)
            return await (handler(request) if token is None else self._watched(request, handler, token))
        finally:
            self._bodies.release(held)

    def _by_name(self, request: web.Request) -> web.Response | None:
        reason = self._hosts.refusal(request)
        return None if reason is None else refusal(403, "host_refused", reason, close=True)

    def _by_address(self, request: web.Request) -> web.Response | None:
        rate, remote = self.config.address_rate, request.remote or ""
        if not rate or (not self.config.limit_loopback and is_loopback(remote)):
            return None
        wait = self._addresses.take(address_key(remote), rate)
        return too_many(wait, "from this address") if wait else None

    def _by_token(self, request: web.Request) -> tuple[Token | None, web.Response | None]:
        """The token that a request comes with, or why it isn't taken."""
        scope = scope_of(request.method, route_of(request))
        if self.tokens is None:
            return None, None if self._is_welcome(request) else _wrong_origin()
        if scope is None:
            return None, None
        given = request.headers.getall("Authorization", ())
        if not given and scope is Scope.READ and self.config.public_read and self._is_welcome(request):
            return None, None
        if not given and PARAMETER in request.query and route_of(request) in TICKET_ROUTES:
            return self._by_ticket(self.tokens, request, scope)
        return self._checked(self.tokens, given[0] if len(given) == 1 else "", scope)

    def _by_ticket(
        self, tokens: TokenFile, request: web.Request, scope: Scope
    ) -> tuple[Token | None, web.Response | None]:
        redeemed = request.app[TICKETS].redeem(request.query[PARAMETER])
        token = None if redeemed is None else redeemed[0]
        # The file may have changed since the ticket was given out, and the token may have expired.
        if token is None or not tokens.book.has(token) or _is_over(token, self.wall()):
            message = "the ticket has been used, or is too old: ask for another one at /v1/tickets"
            return None, refusal(401, "ticket_invalid", message, {"WWW-Authenticate": _CHALLENGE}, close=True)
        return self._allowed(token, scope)

    def _is_welcome(self, request: web.Request) -> bool:
        """Whether the page that a request without a token comes from, if it does, may ask so.

        Browsers keep answers from pages whose origin may not read them; not so what a WebSocket brings.
        """
        if request.method not in _SAFE:
            return self._origins.allows(request)
        is_open = "Upgrade" not in request.headers or "*" in self.config.cors_origins
        return is_open or self._origins.allows(request)

    def _checked(
        self, tokens: TokenFile, given: str, scope: Scope
    ) -> tuple[Token | None, web.Response | None]:
        scheme, _, secret = given.partition(" ")
        token = tokens.book.find(secret.strip(), self.wall()) if scheme.lower() == _SCHEME else None
        if token is None:
            code, said = ("token_invalid", ', error="invalid_token"') if given else ("token_missing", "")
            message = "give a token that counts: Authorization: Bearer …"
            return None, refusal(401, code, message, {"WWW-Authenticate": _CHALLENGE + said}, close=True)
        return self._allowed(token, scope)

    def _allowed(self, token: Token, scope: Scope) -> tuple[Token | None, web.Response | None]:
        if not token.allows(scope):
            said = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope.value}"'
            message = f"the token {token.name} lacks the scope {scope.value}"
            return None, refusal(403, "scope_missing", message, {"WWW-Authenticate": said}, close=True)
        rate = self.config.token_rate if token.rate is None else token.rate
        wait = self._token_rates.take(token.digest, rate) if rate else 0.0
        return token, too_many(wait, "with this token") if wait else None

    async def _watched(self, request: web.Request, handler: Handler, token: Token) -> web.StreamResponse:
        """Handle a request in such a way that it ends when its token no longer counts."""
        transport = request.transport
        if transport is None:
            return await handler(request)
        request[TOKEN] = token
        under_way = self._under_way.setdefault(token, set())
        under_way.add(transport)
        try:
            return await handler(request)
        finally:
            under_way.discard(transport)
            if not under_way:
                self._under_way.pop(token, None)

    def end_stale(self) -> None:
        """End what goes on under tokens that have expired, or stand in the file no longer, or not so."""
        if self.tokens is None:
            return
        now = self.wall()
        for token, transports in list(self._under_way.items()):
            if _is_over(token, now) or not self.tokens.book.has(token):
                for transport in list(transports):
                    transport.close()

    def _refuse(self, request: web.Request, answer: web.Response) -> web.Response:
        """Note a refusal, and let pages that may read see it."""
        self.on_refused(answer[CODE])
        origin, allowed = request.headers.get("Origin"), self.config.cors_origins
        if origin is not None and ("*" in allowed or origin.lower() in allowed):
            answer.headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
        return answer


def _is_over(token: Token, now: float) -> bool:
    return token.expires is not None and token.expires <= now


def _wrong_origin() -> web.Response:
    message = "pages of this origin may not do that; --cors-origins lets them, and so do tokens"
    return refusal(403, "origin_refused", message, close=True)
