"""What must not stand in a log, wherever it comes from: tokens, keys, and addresses that hold keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ceramic_connectors.endpoint import Endpoint
from ceramic_protocol.errors import UsageError

HIDDEN: Final = "***"

TOKEN_PREFIX: Final = "cst_"  # noqa: S105  # not one itself
"""How a node's tokens begin, so that they are known where they don't belong: in logs, in repositories."""

TICKET_PREFIX: Final = "cstt_"
"""How tickets begin that stand for a token once."""

_TOKEN: Final = re.compile(rf"(?:{TOKEN_PREFIX}|{TICKET_PREFIX})[A-Za-z0-9_-]{{8,}}", re.ASCII)
_HEADER: Final = re.compile(r"(?i)\b((?:bearer|basic)\s+|authorization['\"]?\s*[:=]\s*['\"]?)[^\s'\",;]{16,}")
_QUERY: Final = re.compile(
    r"(?i)([?&;](?:access_token|token|api[_-]?key|key|secret|password)=)[^\s&#'\"]+", re.ASCII
)
_USER: Final = re.compile(r"(\b[a-z][a-z0-9+.-]{1,15}://)[^\s/@'\"]+@", re.ASCII)
_KEY: Final = re.compile(
    r"(?i)((?:private|secret|seed|mnemonic)[ _-]?(?:key)?['\"]?\s*[:=]\s*['\"]?)(?:0x)?[0-9a-z+/_-]{16,}",
    re.ASCII,
)
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


class Censor:
    """Hides secrets in texts: those that are known, and what has the form of one."""

    def __init__(self, endpoints: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        """Name what is secret.

        Args:
            endpoints: addresses, of which user, path and query are secret.
            words: texts that are secret as a whole.
        """
        found = {word for word in words if word}
        for address in endpoints:
            try:
                found.update(Endpoint.parse(address).secrets)
            except UsageError:
                continue
        # Longer ones first: one may be the beginning of another.
        known = sorted(found, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def clean(self, text: str) -> str:
        """A text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        text = _PEM.sub(HIDDEN, _TOKEN.sub(HIDDEN, text))
        for form in (_HEADER, _QUERY, _KEY):
            text = form.sub(rf"\g<1>{HIDDEN}", text)
        return _USER.sub(rf"\g<1>{HIDDEN}@", text)
