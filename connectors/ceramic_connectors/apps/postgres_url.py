"""Where a PostgreSQL server is: a URL, without its password coming up in any message."""

from __future__ import annotations

import re
from typing import Any, Final

from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import POSTGRES_CONNECT_SECONDS

SCHEMES: Final = ("postgres://", "postgresql://")
_NO_URL: Final = (
    "not a URL of PostgreSQL: give postgres://USER@HOST:PORT/DATABASE, with signs other than letters and"
    " digits percent-encoded, and the password in PGPASSWORD or the password file"
)
_PORT: Final = re.compile(r"[0-9]*(,[0-9]*)*")


def connection_settings(url: str) -> dict[str, Any]:
    """The members of a URL by libpq's names.

    Raises:
        UsageError: psycopg isn't installed, or this is no such URL. What is wrong with it isn't repeated, as
            parts of a password may be taken for a host or port.
    """
    try:
        import psycopg
        from psycopg import conninfo
    except ImportError as error:
        msg = "this needs psycopg: install it with pip install 'ceramic-streams[postgres]'"
        raise UsageError(msg) from error
    place = url.split("?", 1)[0]
    if not url.startswith(SCHEMES) or place.count("@") > 1 or "@" in place.split("://")[1].partition("/")[2]:
        raise UsageError(_NO_URL)
    try:
        settings: dict[str, Any] = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise UsageError(_NO_URL) from None
    if not _PORT.fullmatch(str(settings.get("port", ""))):
        raise UsageError(_NO_URL)
    return {"connect_timeout": POSTGRES_CONNECT_SECONDS, "application_name": "ceramic-streams", **settings}
