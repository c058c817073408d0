"""A node's feed as a source, whatever kind of node it is."""

from __future__ import annotations

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.event_sources.node_feed import ALL_CARS, NodeFeed
from ceramic_connectors.event_sources.one_feed import OneFeed
from ceramic_connectors.event_sources.tokens import token_at
from ceramic_connectors.source.node_origin import Wanted
from ceramic_connectors.source.recognising import Kind, recognise
from ceramic_protocol.errors import UsageError


def open_feed(
    url: str,
    token: str | None = None,
    *,
    wanted: Wanted = ALL_CARS,
    resume: str | None = None,
    since: int | None = None,
) -> NodeFeed | OneFeed:
    """The events that a node has now; see `NodeFeed.open` and `OneFeed.open`.

    Raises:
        UsageError: the address has a user or a query, or a ceramic-one is asked for what it hasn't got.
        OutsideError: the node doesn't answer, or refuses.
    """
    endpoint = Endpoint.parse(url)
    if endpoint.headers or "?" in endpoint.target:
        raise UsageError(
            "the address of a node has no user and no query; a token belongs into a file or a variable, which"
            " CERAMIC_STREAMS_NODE_TOKEN names (file:PATH or env:NAME)"
        )
    if recognise(endpoint, token_at(token)) is Kind.OURS:
        return NodeFeed.open(url, token, wanted=wanted, resume=resume, since=since)
    if wanted != ALL_CARS or since is not None:
        raise UsageError("a ceramic-one's feed is read whole, or from a resumeToken on; it has no filters")
    return OneFeed.open(url, token, resume=resume)
