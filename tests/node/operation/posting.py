"""Events for nodes that run."""

from __future__ import annotations

import json

from ceramic_protocol import multibase
from tests.support import signing
from tests.support.signing import Made

ME = signing.ed25519(1)


def init(number: int) -> Made:
    """An init event; each number gives another one."""
    return signing.init(ME, {"number": number})


def body(event: Made) -> bytes:
    """As it is posted to ceramic-one's API."""
    return json.dumps({"data": multibase.encode(event.car, "m")}).encode()
