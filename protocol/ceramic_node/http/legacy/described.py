"""What is served of js-ceramic's API, as the node's document describes it (api.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ceramic_node.http.described import TEXT, Endpoint, Schema, listed, members, paths

_ERROR: Final = members("error", error=TEXT)
_BAD: Final[tuple[str, Schema | None]] = ("It makes no sense, or is too much.", _ERROR)
_NONE: Final[tuple[str, Schema | None]] = ("There is no such stream.", None)
_STATE: Final = members(
    *("type", "content", "metadata", "signature", "anchorStatus", "log"),
    type={"type": "integer"},
    metadata={"type": "object"},
    signature={"type": "integer"},
    anchorStatus=TEXT,
    log=listed(members("cid", "type", cid=TEXT, type={"type": "integer"})),
)
_LOADED: Final = members("streamId", "state", streamId=TEXT, state=_STATE)
_AT_TIME: Final = {"atTime": {"type": "integer", "minimum": 0, "maximum": 10**10}}
_WANTED: Final[Mapping[str, Schema]] = {
    "model": TEXT,
    "models": listed(TEXT),
    "account": TEXT,
    "queryFilters": {"type": "object"},
    "filter": {"type": "object"},
}
_PAGE: Final = {"type": "integer", "minimum": 1, "maximum": 1000}
_INFO: Final = members(
    *("hasNextPage", "hasPreviousPage"),
    hasNextPage={"type": "boolean"},
    hasPreviousPage={"type": "boolean"},
    endCursor=TEXT,
    startCursor=TEXT,
)

_ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/collection",
        "legacyCollection",
        "A page of documents of a model.",
        {
            200: (
                "It.",
                members(
                    *("edges", "pageInfo"),
                    edges=listed(members("cursor", "node", cursor=TEXT)),
                    pageInfo=_INFO,
                ),
            ),
            400: _BAD,
        },
        body=members(**_WANTED, first=_PAGE, last=_PAGE, after=TEXT, before=TEXT),
    ),
    Endpoint(
        "POST",
        "/collection/count",
        "legacyCount",
        "How many documents of a model there are.",
        {200: ("Their number.", members("count", count={"type": "integer"})), 400: _BAD},
        body=members(**_WANTED),
    ),
    Endpoint(
        "POST",
        "/multiqueries",
        "legacyMultiqueries",
        "Many streams at once, and those that they refer to.",
        {200: ("Their states.", {"type": "object", "additionalProperties": _STATE}), 400: _BAD},
        body=members(
            "queries",
            queries=listed(members(streamId=TEXT, paths=listed(TEXT), opts={"type": "object"})),
            timeout={"type": "integer"},
        ),
    ),
    Endpoint(
        "GET",
        "/streams/{streamid}",
        "legacyStream",
        "A stream, at a commit or a time.",
        {200: ("Its state.", _LOADED), 400: _BAD, 404: _NONE},
        query=_AT_TIME,
    ),
    Endpoint(
        "GET",
        "/streams/{streamid}/content",
        "legacyContent",
        "The content of a stream.",
        {200: ("It.", {}), 400: _BAD, 404: _NONE},
        query=_AT_TIME,
    ),
    Endpoint(
        "GET",
        "/commits/{streamid}",
        "legacyCommits",
        "The canonical log of a stream, with its events.",
        {
            200: ("It.", members("streamId", "commits", streamId=TEXT, commits=listed({"type": "object"}))),
            400: _BAD,
            404: _NONE,
        },
    ),
    Endpoint("POST", "/streams", "legacyPostStream", "Refused: the node only reads here.", {400: _BAD}),
    Endpoint("POST", "/commits", "legacyPostCommit", "Refused: the node only reads here.", {400: _BAD}),
    Endpoint(
        "GET",
        "/node/chains",
        "legacyChains",
        "Where anchors of the network may lie.",
        {200: ("CAIP-2 names.", members("supportedChains", supportedChains=listed(TEXT)))},
    ),
    Endpoint(
        "GET",
        "/node/healthcheck",
        "legacyHealth",
        "Whether the store answers.",
        {200: ("Yes.", None), 503: ("No.", None)},
        query={"checkIpfs": {"type": "string", "enum": ["true", "false"]}},
    ),
)

PATHS: Final[Mapping[str, Mapping[str, Any]]] = paths("/api/v0", _ENDPOINTS)
"""For the document."""
