"""What a node answers to a request that it doesn't take, in a shape that all of its APIs' clients read."""

from __future__ import annotations

import json
import math
from typing import Final

from aiohttp import web

CODE: Final = web.ResponseKey("refused", str)
"""Under which an answer keeps its code."""


def refusal(
    status: int, code: str, message: str, headers: dict[str, str] | None = None, *, close: bool = False
) -> web.Response:
    """An answer `{"code", "message"}`.

    Args:
        status: of HTTP.
        code: stable, for programs.
        message: for people.
        headers: beside the usual ones.
        close: end the connection with it, as what it still brings isn't wanted.
    """
    body = json.dumps({"code": code, "message": message}, ensure_ascii=False)
    answer = web.Response(
        status=status, text=body, content_type="application/json", headers={"Cache-Control": "no-store"}
    )
    answer[CODE] = code
    answer.headers.update(headers or {})
    if close:
        answer.force_close()
    return answer


def too_many(seconds: float, whose: str) -> web.Response:
    """Status 429, with the time after which to ask again."""
    wait = str(max(1, math.ceil(seconds)))
    message = f"too many requests {whose}; try again in {wait} s"
    return refusal(429, "too_many_requests", message, {"Retry-After": wait})
