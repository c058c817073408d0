"""The peers of a node, and asking it to connect to one (api.md 1.2).

ceramic-one dials whatever it is told to. Here that is for the node's `Connections` to decide, and a node
without any dials nothing: else whoever may write to it could make it knock at doors of its own network.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NEIGHBOURHOOD
from ceramic_node.http.one.errors import Refused, as_json, nothing
from ceramic_node.http.one.multiaddr import peers_in
from ceramic_node.neighbourhood import ConnectedPeer, DialRefused
from ceramic_protocol.errors import IdentifierError, OutsideError
from ceramic_protocol.interests import PeerId
from ceramic_protocol.limits import MAX_PEER_ADDRESSES

_SUFFIX: Final = "/p2p/"

_log = logging.getLogger(__name__)


async def get_peers(request: web.Request) -> web.Response:
    """GET `/peers`: those with whom there is a connection."""
    return as_json({"peers": [_shown(peer) for peer in request.app[NEIGHBOURHOOD].peers.connected()]})


def _shown(known: ConnectedPeer) -> dict[str, object]:
    addresses = [
        address if _SUFFIX in address else f"{address}{_SUFFIX}{known.peer}" for address in known.addresses
    ]
    return {"id": known.peer.did or str(known.peer), "addresses": addresses}


async def post_peer(request: web.Request) -> web.Response:
    """POST `/peers`: 204 when there is a connection to a peer at one of its `addresses`."""
    addresses = request.query.getall("addresses", [])
    if len(addresses) > MAX_PEER_ADDRESSES:
        raise Refused(f"{len(addresses)} addresses; {MAX_PEER_ADDRESSES} are enough for a peer")
    peer = _only_peer(addresses)
    try:
        await request.app[NEIGHBOURHOOD].peers.connect(peer, addresses)
    except DialRefused as error:
        raise Refused(str(error), HTTPStatus.FORBIDDEN) from None
    except OutsideError:
        _log.exception("no connection to peer %s", peer)
        detail = "failed to get peer information: there is no connection"
        raise Refused(detail, HTTPStatus.INTERNAL_SERVER_ERROR) from None
    return nothing()


def _only_peer(addresses: list[str]) -> PeerId:
    """The peer that all addresses name that name one.

    Raises:
        Refused: they name none, or more than one, or are no addresses.
    """
    try:
        peers = {peer for address in addresses for peer in peers_in(address)}
    except IdentifierError as error:
        raise Refused(f"address is not a well formed multiaddr: {error}") from None
    if not peers:
        raise Refused("at least one address must contain a peer id")
    if len(peers) > 1:
        raise Refused("more than one unique peer id found in the addresses")
    return peers.pop()
