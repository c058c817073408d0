"""What a node says of itself."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated, Final, TypedDict

from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api.params import NoParameters
from ceramic_node.http.v1.api.shapes import Doc
from ceramic_node.http.v1.feed.shapes import Resume
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.keys import EPOCHS
from ceramic_node.http.v1.tokens import Feed
from ceramic_node.node import Node
from ceramic_node.states.records import StateHead
from ceramic_protocol.stored import StoreHead

_DISTRIBUTION: Final = "ceramic-streams"


class FeedHead(TypedDict):
    """The end of the feed."""

    position: int
    resume: Annotated[Resume, Doc("What to go on with from now on.")]


class Follower(TypedDict):
    """How far states have come."""

    version: Annotated[int, Doc("Of the events, up to which states follow from them.")]
    lag: Annotated[int, Doc("How many changes of streams it is behind.")]
    rules: Annotated[str, Doc("The rules by which it judges.")]
    generation: Annotated[str, Doc("Of the states: positions of another one mean nothing.")]
    position: Annotated[int, Doc("Where the feed of changes ends.")]
    resume: Annotated[Resume, Doc("What to go on with in the feed of changes from now on.")]


class NodeInfo(TypedDict):
    """A node."""

    version: Annotated[str, Doc("Of the program.")]
    network: str
    epoch: Annotated[str, Doc("Of the store of events: positions of another one mean nothing.")]
    time: Annotated[int, Doc("Unix milliseconds, by the node's clock.")]
    head: FeedHead
    follower: Follower


def program_version() -> str:
    """Version of this program."""
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0"


async def get_info(request: web.Request, asked: NoParameters) -> web.StreamResponse:
    """Version, network, and how far everything has come."""
    del asked
    node, epochs = request.config_dict[NODE], request.app[EPOCHS]
    followed, head = await node.read(_heads, node)
    token = await epochs.token(Feed.EVENTS, head.position)
    body = NodeInfo(
        version=program_version(),
        network=node.network.name,
        epoch=token.epoch,
        time=node.clock.now(),
        head=FeedHead(position=head.position, resume=str(token)),
        follower=Follower(
            version=followed.version,
            lag=max(0, head.version - followed.version),
            rules=followed.rules,
            generation=followed.generation,
            position=followed.number,
            resume=str(await epochs.token(Feed.CHANGES, followed.number)),
        ),
    )
    headers = {hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=dumps(body), content_type="application/json", headers=headers)


def _heads(node: Node) -> tuple[StateHead, StoreHead]:
    """States first: so they are never ahead of what is told of events."""
    return node.states.head(), node.events.head()
