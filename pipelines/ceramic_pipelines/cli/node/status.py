"""`ceramic-streams node status`."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any, Final

import click
import orjson

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import Poster, TooLargeError
from ceramic_connectors.keys import read_address
from ceramic_pipelines.cli.options import FORMATS
from ceramic_pipelines.cli.printing import print_rows
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_RPC_ANSWER_BYTES, RPC_SECONDS

_TOKEN: Final = "env:CERAMIC_STREAMS_TOKEN"  # noqa: S105  # where one may be
_SHOWN: Final = (
    "network",
    "version",
    "position",
    "lag",
    "lag_seconds",
    "requests_under_way",
    "subscribers",
    "rejects",
    "peers",
)
_NOT_READY: Final = 1


@click.command()
@click.argument("url", default="http://127.0.0.1:5101")
@click.option(
    "--token",
    "place",
    metavar="PLACE",
    help="Where a token with the scope read is: env:NAME or file:PATH.  [default: env:CERAMIC_STREAMS_TOKEN"
    " if that is set]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, or one JSON object a line.",
)
@click.pass_context
def status(ctx: click.Context, *, url: str, place: str | None, form: str) -> None:
    """Ask a running node how it fares.

    Exit code 1 if it isn't ready, 3 if it doesn't answer.

    \b
    Examples:
      ceramic-streams node status
      ceramic-streams node status https://node.example:5101 --token file:token --format ndjson
    """
    headers = {}
    token = token_at(place)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    code, ready = _ask(url, "/ready", headers)
    _code, found = _ask(url, "/status.json", headers)
    row = {"ready": code == 200, "state": ready.get("status"), **{name: found.get(name) for name in _SHOWN}}
    if form == "table":
        print_rows(
            ({"figure": name, "value": value} for name, value in row.items()), form, ("figure", "value")
        )
    else:
        print_rows([row], form, tuple(row))
    ctx.exit(0 if row["ready"] else _NOT_READY)


def token_at(place: str | None) -> str:
    """The token at a place, or else that of the environment; empty if there is none."""
    if place is not None:
        return read_address(place)
    import os

    return os.environ.get(_TOKEN.removeprefix("env:"), "").strip()


def _ask(url: str, target: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    endpoint = Endpoint.parse(url)
    try:
        code, body = Poster(endpoint, RPC_SECONDS).ask("GET", target, None, headers, MAX_RPC_ANSWER_BYTES)
        found = orjson.loads(body)
    except (OSError, HTTPException, TooLargeError, orjson.JSONDecodeError) as error:
        raise OutsideError(f"{endpoint.name} doesn't answer as a node would: {error}") from None
    if not isinstance(found, dict) or code not in {200, 503}:
        message = found.get("message", "") if isinstance(found, dict) else ""
        raise OutsideError(f"{endpoint.name} answers {code}: {message}")
    return code, found
