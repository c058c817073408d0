"""An anchor service's HTTP API, as far as talking goes."""

from __future__ import annotations

import time
from http.client import HTTPException, IncompleteRead
from typing import Final

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_node.anchoring.errors import AnchorTroubleError, Trouble
from ceramic_node.anchoring.remote_requests import authorization, content_type
from ceramic_protocol.accounts.signers import Signer
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.limits import CAS_SECONDS, MAX_CAS_ANSWER_BYTES, RPC_ATTEMPTS, RPC_BACKOFF_SECONDS

_TOO_MANY_REQUESTS: Final = 429
_REQUESTS: Final = "/api/v0/requests"


class _BusyError(OutsideError):
    """The same question may well be answered a little later."""


class AnchorApi:
    """One service. A service that is busy or breaks off is asked `RPC_ATTEMPTS` times."""

    def __init__(
        self,
        url: str,
        signer: Signer | None = None,
        *,
        timeout: float = CAS_SECONDS,
        backoff: float = RPC_BACKOFF_SECONDS,
    ) -> None:
        """Name the service; nothing is connected yet.

        Args:
            url: without `/api/v0`.
            signer: signs each request; None for services that ask for no signature.
            timeout: of one attempt as a whole, in seconds.
            backoff: seconds before the second attempt; the next wait is twice as long.

        Raises:
            UsageError: the URL is none, has a query, or is of another scheme than HTTP(S).
        """
        self._endpoint = Endpoint.parse(url)
        if "?" in self._endpoint.target:
            raise UsageError("the address of an anchor service has no query")
        self._base = self._endpoint.target.rstrip("/")
        self._signer = signer
        self._timeout, self._backoff = timeout, backoff
        self._poster = Poster(self._endpoint, timeout)

    @property
    def name(self) -> str:
        """Scheme, host and port, without what may be secret."""
        return self._endpoint.name

    def post(self, body: bytes) -> tuple[int, bytes]:
        """HTTP status and body of the answer to a request for an anchor.

        Raises:
            OutsideError: the service can't be reached, is still busy, redirects, or doesn't speak HTTP.
        """
        return self._ask("POST", self._base + _REQUESTS, body)

    def get(self, name: str) -> tuple[int, bytes]:
        """The same, for a question about the request with that name."""
        return self._ask("GET", f"{self._base}{_REQUESTS}/{name}", None)

    def close(self) -> None:
        """Close what connections there are; the next question makes new ones."""
        self._poster.close()

    def _ask(self, method: str, target: str, body: bytes | None) -> tuple[int, bytes]:
        wait = self._backoff
        for _ in range(RPC_ATTEMPTS - 1):
            try:
                return self._once(method, target, body)
            except _BusyError:
                time.sleep(wait)
                wait *= 2
        return self._once(method, target, body)

    def _once(self, method: str, target: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {} if body is None else {"Content-Type": content_type(body)}
        if self._signer is not None:
            headers["Authorization"] = authorization(self._signer, self._url(target), body)
        name = self.name
        try:
            status, answer = self._poster.ask(method, target, body, headers, MAX_CAS_ANSWER_BYTES)
        except TimeoutError:
            raise OutsideError(f"{name} doesn't answer within {self._timeout:g} s") from None
        except TooLargeError:
            detail = f"{name} answers with more than {MAX_CAS_ANSWER_BYTES} bytes"
            raise AnchorTroubleError(Trouble.ANSWER_TOO_LARGE, detail) from None
        except (ConnectionError, IncompleteRead) as error:
            raise _BusyError(f"can't talk to {name}: {type(error).__name__}") from None
        except OSError as error:
            raise OutsideError(f"can't reach {name}: {error.strerror}; check the address") from None
        except HTTPException as error:
            raise OutsideError(f"{name} doesn't speak HTTP: {type(error).__name__}") from None
        if status == _TOO_MANY_REQUESTS or status >= 500:
            raise _BusyError(f"{name} answers with HTTP {status}")
        if 300 <= status < 400:
            raise OutsideError(
                f"{name} redirects (HTTP {status}), which isn't followed; name the new address"
            )
        return status, answer

    def _url(self, target: str) -> str:
        return f"{self.name}{target}"
