"""Who may ask: a call needs a bearer token with the scope `read` where a node has tokens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyarrow import flight

from ceramic_node.http.guard.token_file import TokenFile
from ceramic_node.http.guard.tokens import Scope
from ceramic_node.sql.failures import ScopeMissing, TokenMissing, TokenRefused, told
from ceramic_node.sql.rates import CallRates

_SCHEME: Final = "bearer"


class TokenGate(flight.ServerMiddlewareFactory):  # type: ignore[misc]  # pyarrow has no types
    """Looks at the headers of each call before anything else of it is read."""

    def __init__(
        self, tokens: TokenFile, rates: CallRates | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        """Take the tokens of a file, and how often each may ask; `wall` tells unix seconds."""
        super().__init__()
        self._tokens: Final = tokens
        self._rates: Final = rates or CallRates()
        self._wall: Final = wall

    @told
    def start_call(self, info: Any, headers: Mapping[str, list[Any]]) -> None:
        """Let a call through.

        Raises:
            TokenRefused: it has no token, or one that doesn't count.
            ScopeMissing: the token isn't for reading.
            SqlBusy: there are too many calls with it.
        """
        del info
        given = [
            value for name, values in headers.items() if name.lower() == "authorization" for value in values
        ]
        if not given:
            raise TokenMissing("give a token that counts: authorization: Bearer …")
        scheme, _, secret = str(given[0]).partition(" ")
        is_bearer = len(given) == 1 and scheme.lower() == _SCHEME
        token = self._tokens.book.find(secret.strip(), self._wall()) if is_bearer else None
        if token is None:
            raise TokenRefused("this token doesn't count")
        if not token.allows(Scope.READ):
            raise ScopeMissing("this token isn't for reading")
        self._rates.take_of(token)
