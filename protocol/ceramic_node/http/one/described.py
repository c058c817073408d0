"""ceramic-one's API as the node's document describes it (api.md 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ceramic_node.http.described import TEXT, WHOLE, Endpoint, Schema, listed, members, paths

_BAD: Final[tuple[str, Schema | None]] = (
    "It makes no sense: JSON with a `message`, or text without a type where it can't be read.",
    None,
)
_NONE: Final[tuple[str, Schema | None]] = ("There is none.", None)
_DONE: Final[tuple[str, Schema | None]] = ("It is done, or was before.", None)
_FAILED: Final[tuple[str, Schema | None]] = ("The node failed, or has too much to do.", None)
_EVENT: Final = members("id", id=TEXT, data=TEXT)
_VERSION: Final = members("version", version=TEXT)
_SORTED: Final = {"controller": TEXT, "streamId": TEXT}

_ENDPOINTS: Final = (
    Endpoint("GET", "/liveness", "oneLiveness", "Whether anybody answers.", {200: ("Yes.", None)}),
    Endpoint("GET", "/version", "oneVersion", "The release whose API this is.", {200: ("It.", _VERSION)}),
    Endpoint(
        "POST", "/version", "onePostVersion", "The release whose API this is.", {200: ("It.", _VERSION)}
    ),
    Endpoint(
        "GET",
        "/config/network",
        "oneNetwork",
        "The network of the node.",
        {200: ("Its name.", members("name", name=TEXT))},
    ),
    Endpoint(
        "POST",
        "/events",
        "onePostEvent",
        "Hand an event in, as a CAR in multibase.",
        {204: _DONE, 400: _BAD, 500: _FAILED},
        body=members("data", data=TEXT),
    ),
    Endpoint(
        "GET",
        "/events/{event_id}",
        "oneEvent",
        "An event by its CID or EventID.",
        {200: ("It.", members("id", "data", id=TEXT, data=TEXT)), 400: _BAD, 404: _NONE},
    ),
    Endpoint(
        "GET",
        "/feed/events",
        "oneFeed",
        "A page of the feed of all events.",
        {
            200: ("It.", members("events", "resumeToken", events=listed(_EVENT), resumeToken=TEXT)),
            400: _BAD,
        },
        query={
            "resumeAt": {"type": "string", "pattern": "^[0-9]{1,18}$"},
            "limit": {**WHOLE, "minimum": 0, "maximum": 1000},
            "includeData": {"type": "string", "enum": ["none", "full"]},
        },
    ),
    Endpoint(
        "GET",
        "/feed/resumeToken",
        "oneResumeToken",
        "The token from which on there is only what is yet to come.",
        {200: ("It.", members("resumeToken", resumeToken=TEXT))},
    ),
    Endpoint(
        "GET",
        "/streams/{stream_id}",
        "oneStream",
        "The state of a stream at its tip.",
        {
            200: (
                "It; `data` and `dimensions` in multibase.",
                members(
                    *("id", "event_cid", "controller", "dimensions", "data"),
                    id=TEXT,
                    event_cid=TEXT,
                    controller=TEXT,
                    dimensions={"type": "object", "additionalProperties": TEXT},
                    data=TEXT,
                ),
            ),
            400: _BAD,
            404: _NONE,
        },
    ),
    Endpoint(
        "POST",
        "/interests",
        "onePostInterest",
        "Say what the node is to hold.",
        {204: _DONE, 400: _BAD, 500: _FAILED},
        body=members("sep", "sepValue", sep=TEXT, sepValue=TEXT, controller=TEXT, streamId=TEXT),
    ),
    Endpoint(
        "POST",
        "/interests/{sort_key}/{sort_value}",
        "onePostInterestByPath",
        "The same, said in the path.",
        {204: _DONE, 400: _BAD, 404: _NONE, 500: _FAILED},
        query=_SORTED,
    ),
    Endpoint(
        "GET",
        "/experimental/interests",
        "oneInterests",
        "Interests of the node and its peers, or of one peer.",
        {200: ("They.", members("interests", interests=listed(members("data", data=TEXT)))), 400: _BAD},
        query={"peerId": TEXT},
    ),
    Endpoint(
        "GET",
        "/experimental/events/{sep}/{sep_value}",
        "oneRange",
        "Events of a model, a controller or a stream.",
        {
            200: (
                "A page.",
                members(
                    *("events", "resumeOffset", "isComplete"),
                    events=listed(_EVENT),
                    resumeOffset=WHOLE,
                    isComplete={"type": "boolean"},
                ),
            ),
            400: _BAD,
            404: _NONE,
        },
        query={**_SORTED, "offset": WHOLE, "limit": WHOLE},
    ),
    Endpoint(
        "GET",
        "/peers",
        "onePeers",
        "Peers with whom there is a connection.",
        {
            200: (
                "They.",
                members("peers", peers=listed(members("id", "addresses", id=TEXT, addresses=listed(TEXT)))),
            )
        },
    ),
    Endpoint(
        "POST",
        "/peers",
        "onePostPeer",
        "Connect to a peer.",
        {204: _DONE, 400: _BAD, 403: ("The node doesn't dial it.", None), 500: _FAILED},
        query={"addresses": {"type": "array", "items": TEXT, "minItems": 1}},
    ),
    Endpoint(
        "GET",
        "/debug/heap",
        "oneHeap",
        "A profile of memory, which is never given.",
        {400: ("Profiling is off.", members("message", message=TEXT))},
    ),
)

_KUBO: Final = (
    Endpoint(
        "POST",
        "/version",
        "kuboVersion",
        "The release, as Kubo tells it.",
        {200: ("It.", members("Version", Version=TEXT, System=TEXT, Commit=TEXT))},
    ),
    Endpoint(
        "POST",
        "/id",
        "kuboIdentity",
        "Who the node is, as Kubo tells it.",
        {200: ("It.", members("ID", "Addresses", ID=TEXT, Addresses=listed(TEXT)))},
    ),
)

PATHS: Final[Mapping[str, Mapping[str, Any]]] = {
    **paths("/ceramic", _ENDPOINTS),
    **paths("/api/v0", _KUBO),
}
"""For the document."""
