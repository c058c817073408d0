"""Reading single streams: states, contents and commits."""

from __future__ import annotations

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.legacy.asking import at_time, stream_ref
from ceramic_node.http.legacy.commits import commits_json
from ceramic_node.http.legacy.errors import LegacyError, as_json
from ceramic_node.http.legacy.loading import Loaded, load
from ceramic_node.http.legacy.states import content_json, state_json
from ceramic_protocol.ids import CommitId


async def get_state(request: web.Request) -> web.Response:
    """GET `/streams/{streamid}`, at a commit or at a time (`atTime`); other options mean nothing here."""
    loaded = await _asked(request)
    return as_json({"streamId": str(loaded.stream_id), "state": state_json(loaded)})


async def get_content(request: web.Request) -> web.Response:
    """GET `/streams/{streamid}/content`, with the same options."""
    return as_json(content_json(await _asked(request)))


async def get_commits(request: web.Request) -> web.Response:
    """GET `/commits/{streamid}`: the canonical log, with the events themselves."""
    node = request.app[NODE]
    ref = stream_ref(request.match_info["streamid"])
    if isinstance(ref, CommitId):
        raise LegacyError("Invalid StreamID: a commit is named with it")
    loaded = await load(node, ref)
    commits = await node.read(lambda: list(commits_json(node, loaded)))
    return as_json({"streamId": str(loaded.stream_id), "commits": commits})


async def _asked(request: web.Request) -> Loaded:
    at = at_time(request.query.get("atTime"))
    return await load(request.app[NODE], stream_ref(request.match_info["streamid"]), at)
