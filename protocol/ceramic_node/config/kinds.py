"""Kinds of settings that only nodes have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ceramic_connectors.config.kinds import Kind, refusal
from ceramic_node.config.values import Interest

_ORIGIN: Final = re.compile(r"\*|https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}", re.ASCII)


def _matching(form: re.Pattern[str], what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        lower = text.strip().lower().removesuffix("/")
        if form.fullmatch(lower) is None:
            raise refusal(text, what)
        return lower

    return parse


INTEREST: Final = Kind("INTEREST", Interest.parse)
ORIGIN: Final = Kind("ORIGIN", _matching(_ORIGIN, "no origin; give *, or one such as https://app.example"))
HOST: Final = Kind("HOST", _matching(_HOST, "no name of a host; give it without scheme and port"))
