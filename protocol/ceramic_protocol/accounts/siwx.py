"""The text that a wallet shows and signs, "Sign-in with X" (accounts.md 3.2, CAIP-122).

It is EIP-4361's but for one thing: without a statement there is one empty line before the URI, not two.
"""

from __future__ import annotations

from enum import StrEnum

from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.pkh import PkhAccount


class Network(StrEnum):
    """What the text calls the kind of account."""

    ETHEREUM = "Ethereum"
    SOLANA = "Solana"
    TEZOS = "Tezos"
    STACKS = "Stacks"


def sign_in_message(
    cacao: Cacao,
    network: Network,
    account: PkhAccount,
    *,
    is_legacy: bool = False,
    shows_empty: bool = False,
) -> str:
    """The text of a capability, without a newline at its end. Its members stand there as they are.

    Args:
        cacao: what is signed.
        network: the kind of account.
        account: whose address and chain are shown; its case is that of the text.
        is_legacy: the order of members until September 2022: the chain stands behind the request.
        shows_empty: show an empty statement and request as ceramic-one does; js-did leaves them out.
    """

    def is_shown(text: str | None) -> bool:
        return text is not None if shows_empty else bool(text)

    paragraphs = [f"{cacao.domain} wants you to sign in with your {network} account:\n{account.address}"]
    if is_shown(cacao.statement):
        paragraphs.append(f"{cacao.statement}")
    chain = [f"Chain ID: {account.reference}"]
    request = [f"Request ID: {cacao.request_id}"] if is_shown(cacao.request_id) else []
    lines = [
        f"URI: {cacao.audience}",
        f"Version: {cacao.version}",
        *([] if is_legacy else chain),
        f"Nonce: {cacao.nonce}",
        *_times(cacao),
        *request,
        *(chain if is_legacy else []),
        *_resources(cacao, is_legacy=is_legacy),
    ]
    return "\n\n".join([*paragraphs, "\n".join(lines)])


def _times(cacao: Cacao) -> list[str]:
    lines = [f"Issued At: {cacao.issued_at}"]
    if cacao.expires_at:
        lines.append(f"Expiration Time: {cacao.expires_at}")
    if cacao.not_before:
        lines.append(f"Not Before: {cacao.not_before}")
    return lines


def _resources(cacao: Cacao, *, is_legacy: bool) -> list[str]:
    # The legacy text has the headline even over an empty list.
    if cacao.resources is None or not (cacao.resources or is_legacy):
        return []
    return ["Resources:", *(f"- {resource}" for resource in cacao.resources)]
