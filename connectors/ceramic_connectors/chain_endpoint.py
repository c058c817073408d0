"""An endpoint of an Ethereum node, the chain that it serves, and its rests after failures."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final

from ceramic_connectors.jsonrpc import AnswerTooLargeError, JsonRpcClient, RpcError
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_RPC_ANSWER_BYTES, RPC_REST_SECONDS

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")


class ChainEndpoint:
    """One endpoint, for several threads at once.

    After a failure it rests for `RPC_REST_SECONDS`, so that not each of thousands of events waits for it.
    """

    def __init__(self, client: JsonRpcClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._rests_until = clock()
        self._chain_id: str | None = None
        self._asking_chain = Lock()
        self.trouble: str | None = None
        """What it failed with when it was asked last; None if it answered."""

    @property
    def name(self) -> str:
        """Scheme, host and port."""
        return self._client.name

    @property
    def known_chain(self) -> str | None:
        """The CAIP-2 chain, if the endpoint has told it."""
        return self._chain_id

    def chain_id(self) -> str | None:
        """The CAIP-2 chain. Learned once; nothing until the endpoint has told it."""
        with self._asking_chain:
            if self._chain_id is None:
                self._ask_chain()
            return self._chain_id

    def _ask_chain(self) -> None:
        try:
            number = self.call("eth_chainId")
        except (RpcError, AnswerTooLargeError):
            number = None
        except OutsideError:
            return
        if isinstance(number, str) and _QUANTITY.fullmatch(number):
            self._chain_id = f"eip155:{int(number, 16)}"
        else:
            self._rest("it does not tell its chain")

    def call(self, method: str, params: Sequence[Any] = (), max_bytes: int = MAX_RPC_ANSWER_BYTES) -> Any:
        """The `result` of calling a method, see `JsonRpcClient.call`.

        Raises:
            RpcError: the endpoint answers with an error.
            AnswerTooLargeError: it answers with more than `max_bytes`.
            OutsideError: it can't be reached, its answer makes no sense, or it rests.
        """
        if self._clock() < self._rests_until:
            raise OutsideError(f"{self._client.name} has just failed and isn't asked again yet")
        try:
            result = self._client.call(method, params, max_bytes)
        except (RpcError, AnswerTooLargeError) as error:
            self.trouble = str(error)
            raise  # contracts can bring these about, and must not silence an endpoint for others
        except OutsideError as error:
            self._rest(str(error))
            raise
        self.trouble = None
        return result

    def close(self) -> None:
        """Close what connections there are; the next call makes new ones."""
        self._client.close()

    def _rest(self, trouble: str) -> None:
        self.trouble = trouble
        self._rests_until = self._clock() + RPC_REST_SECONDS
