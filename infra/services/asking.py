"""A question to a service that speaks HTTP."""

from __future__ import annotations

import http.client
from typing import Final
from urllib.parse import urlsplit

_TIMEOUT_SECONDS: Final = 5.0


def status(url: str) -> int | None:
    """The status of the answer to GET; None if there is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer.status
