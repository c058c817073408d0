"""Capabilities whose signed text can be read in two ways.

The text under a wallet's signature is lines; a member with a line break in it can pretend to be several. Who
gets a signature over such a text could make another capability of it, with another audience, other resources
or no end. Neither reference looks at that; no capability that we know of has such a member.
"""

from __future__ import annotations

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.reasons import Finding, Reason

_URI = "URI: "


def check_text(cacao: Cacao) -> Finding | None:
    """None if the signed text can be of no other capability than this one.

    A statement may have several lines: what stands behind it begins with the first empty line before `URI: `.
    Audience and times have no line breaks if the rest of the checks pass.
    """
    lines = {
        "domain": cacao.domain,
        "version": cacao.version,
        "nonce": cacao.nonce,
        "requestId": cacao.request_id or "",
        **{f"resource {number}": text for number, text in enumerate(cacao.resources or ())},
    }
    for name, text in lines.items():
        if "\n" in text:
            return Finding(Reason.CACAO_MALFORMED, f"{name} has a line break: the text has two readings")
    statement = cacao.statement or ""
    if statement.startswith(_URI) or f"\n\n{_URI}" in statement:
        return Finding(Reason.CACAO_MALFORMED, "statement goes on as another capability would")
    return None
