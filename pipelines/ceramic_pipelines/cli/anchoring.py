"""Options that say which anchors count: on which chains, and of which contract."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.networks import Network

_CONTRACT: Final = re.compile(r"(eip155:(?:0|[1-9][0-9]{0,31}))=(0x[0-9a-fA-F]{40})", re.ASCII)


class _AnchorContract(click.ParamType[tuple[str, str]]):
    """A CAIP-2 chain of Ethereum's kind with the address of a contract."""

    name = "contract"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        found = _CONTRACT.fullmatch(value)
        if found is None:
            quoted = value[:MAX_QUOTED_CHARS]
            self.fail(f"{quoted!r} is no contract; give CHAIN=ADDRESS such as eip155:1337=0x…", param, ctx)
        return found[1], found[2].lower()


class _NetworkName(click.ParamType[Network]):
    """A network, by name or number."""

    name = "network"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Network:
        try:
            return Network.parse(value)
        except IdentifierError as error:
            self.fail(str(error), param, ctx)


ANCHOR_OPTIONS: Final = (
    click.option(
        "--network",
        type=_NetworkName(),
        metavar="NAME",
        help="Refuse anchors on chains of other networks: mainnet, testnet-clay, dev-unstable, inmemory or"
        " local-NUMBER.  [default: any chain that --chain or --rpc knows]",
    ),
    click.option(
        "--anchor-contract",
        "anchor_contracts",
        type=_AnchorContract(),
        multiple=True,
        metavar="CHAIN=ADDRESS",
        help="The contract that anchors of a chain go to, if it isn't Ceramic's usual one; may be repeated.",
    ),
)
