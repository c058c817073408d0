"""js-ceramic's own client against our node, which holds the sample corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.networks import Network
from tests.interop.talking import Failed, Talk, talking
from tests.support import corpus
from tests.support.node import RunningNode, running_node

_HERE = Path(__file__).parent
_BATCH = 500

ANCHORED = 3
TIME = 2


@dataclass(frozen=True)
class Beside:
    """The client beside the node."""

    node: RunningNode
    client: Talk

    def load(self, ref: object, **options: Any) -> dict[str, Any]:
        """A stream as the client has it."""
        found = self.client.ask("load", id=str(ref), opts=options)
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    folder = tmp_path_factory.mktemp("node")
    with running_node(folder, chain=corpus.chain(), network=Network.local(7)) as node:
        cars = list(corpus.cars().values())
        for start in range(0, len(cars), _BATCH):
            node.submit(*cars[start : start + _BATCH])
        with talking(_HERE, ["client.mjs"], node.url) as client:
            yield Beside(node, client)


def streams(**wanted: Any) -> list[dict[str, Any]]:
    """The streams of the sample that have a tip and such members."""
    every: list[dict[str, Any]] = corpus.expected()["streams"]
    return [each for each in every if each["tip"] and all(each.get(name) == wanted[name] for name in wanted)]


def test_every_stream_of_the_sample_is_loaded(beside: Beside) -> None:
    for stream in streams():
        found = beside.load(stream["stream_id"])
        assert found["id"] == stream["stream_id"]
        assert found["tip"] == stream["tip"]
        assert found["content"] == stream["content"]
        assert found["controller"] == stream["controller"]
        # The client goes by the StreamID's type; models are streams of their own kind.
        is_model = StreamId.parse(stream["stream_id"]).stream_type == 2
        assert found["kind"] == ("Model" if is_model else "ModelInstanceDocument")
        assert len(found["log"]) == stream["height"] + 1
        last = found["log"][-1]
        assert found["anchorStatus"] == (ANCHORED if last["type"] == TIME else 0)


def forked() -> dict[str, Any]:
    """A stream with branches, and anchors on the one that wins."""
    return next(each for each in streams(category="fork") if each["anchor"]["first"] and each.get("log"))


def test_the_log_is_the_canonical_one_with_its_anchors(beside: Beside) -> None:
    stream = forked()
    found = beside.load(stream["stream_id"])
    assert [[entry["cid"], entry["timestamp"]] for entry in found["log"]] == stream["log"]
    stamps = [entry["timestamp"] for entry in found["log"] if entry["type"] == TIME]
    assert stamps[0] == stream["anchor"]["first"]
    assert stamps[-1] == stream["anchor"]["last"]
    last = decode_event(corpus.cars()[str(CommitId.parse(found["anchors"][-1]).cid)])
    assert isinstance(last, TimeEvent)
    assert found["proof"]["root"] == str(last.proof.root)
    assert found["proof"]["chainId"] == last.proof.chain_id
    assert Cid.parse(found["proof"]["txHash"]).digest == last.proof.tx_hash


def test_a_stream_is_loaded_at_each_of_its_commits(beside: Beside) -> None:
    stream = forked()
    whole = beside.load(stream["stream_id"])
    states = corpus.states()
    for place, commit in enumerate(whole["commits"]):
        found = beside.load(commit)
        assert found["log"][-1]["cid"] == whole["log"][place]["cid"]
        assert found["content"] == states[whole["log"][place]["cid"]]["content"]
    # Options as those of the client mean nothing.
    assert beside.load(stream["stream_id"], sync=0, pin=True) == whole


def test_a_stream_is_loaded_as_it_was_at_a_time(beside: Beside) -> None:
    stream = forked()
    whole = beside.load(stream["stream_id"])
    anchors = [
        (place, entry["timestamp"]) for place, entry in enumerate(whole["log"]) if entry["type"] == TIME
    ]
    place, stamp = anchors[0]
    assert len(beside.load(stream["stream_id"], atTime=stamp)["log"]) == place + 1
    assert len(beside.load(stream["stream_id"], atTime=stamp - 1)["log"]) == 1
    place, stamp = anchors[-1]
    assert len(beside.load(stream["stream_id"], atTime=stamp + 10**6)["log"]) == place + 1


def test_what_is_not_there_is_an_error(beside: Beside) -> None:
    unknown = StreamId.of(3, Cid.of(b"nothing", 0x85))
    with pytest.raises(Failed, match="not known to this node"):
        beside.load(unknown)
    stream = forked()
    loser = next(
        cid
        for cid, event in corpus.expected()["events"].items()
        if event["stream_id"] == stream["stream_id"]
        and event["valid"]
        and cid not in {entry[0] for entry in stream["log"]}
    )
    commit = CommitId.of(StreamId.parse(stream["stream_id"]), Cid.parse(loser))
    with pytest.raises(Failed, match=r"Requested commit CID .* not found in the log"):
        beside.load(commit)


def test_commits_are_the_events_themselves(beside: Beside) -> None:
    stream = forked()
    found = beside.client.ask("commits", id=stream["stream_id"])
    assert [commit["cid"] for commit in found] == [entry[0] for entry in stream["log"]]
    for commit in found:
        event = decode_event(corpus.cars()[commit["cid"]])
        assert not isinstance(event, InvalidEvent)
        if isinstance(event, TimeEvent):
            assert commit["prev"] == str(event.prev)
            assert commit["path"] == "/".join(map(str, event.path))
        elif event.envelope is not None:
            assert commit["link"] == str(event.envelope.payload)
            assert commit["linked"] == event.payload.hex()
        else:
            assert {"controllers", "model"} <= set(commit["header"])


def test_many_streams_are_loaded_at_once(beside: Beside) -> None:
    some = streams(category="normal")[:5]
    queries: list[dict[str, Any]] = [{"streamId": each["stream_id"]} for each in some]
    queries += [{"streamId": str(StreamId.of(3, Cid.of(b"nothing", 0x85)))}, {"streamId": "nonsense"}]
    found = beside.client.ask("multi", queries=queries)
    assert {name: stream["content"] for name, stream in found.items()} == {
        each["stream_id"]: each["content"] for each in some
    }


def test_links_are_followed_by_their_paths(beside: Beside) -> None:
    valid = {each["stream_id"] for each in streams()}
    article = next(each for each in streams() if (each["content"] or {}).get("post") in valid)
    query = {"streamId": article["stream_id"], "paths": ["/post", "/nothing/deep"]}
    found = beside.client.ask("multi", queries=[query])
    assert set(found) == {article["stream_id"], article["content"]["post"]}


def indexed(model: str) -> list[dict[str, Any]]:
    """The documents of a model that are to be found, in the order in which they came."""
    order = {cid: place for place, cid in enumerate(corpus.cars())}
    found = [each for each in streams(model=model) if each["should_index"] is not False]
    return sorted(found, key=lambda each: order[each["init"]])


def plain(content: Any) -> str:
    """A content as text that is compared and sorted."""
    return json.dumps(content, sort_keys=True)


def all_pages(beside: Beside, query: dict[str, Any], forward: bool) -> list[list[Any]]:
    size, cursor, end = ("first", "after", "endCursor") if forward else ("last", "before", "startCursor")
    more = "hasNextPage" if forward else "hasPreviousPage"
    pages, asked = [], {**query, size: 7}
    while True:
        page = beside.client.ask("query", query=asked)
        pages.append([edge["content"] for edge in page["edges"]])
        if not page["pageInfo"][more]:
            return pages
        asked[cursor] = page["pageInfo"][end]


@pytest.mark.parametrize("name", ["post", "profile", "attestation"])
def test_a_collection_is_read_both_ways(beside: Beside, name: str) -> None:
    model = corpus.expected()["meta"]["models"][name]["stream_id"]
    wanted = indexed(model)
    assert len(wanted) > 14
    forward = all_pages(beside, {"model": model}, forward=True)
    backward = all_pages(beside, {"model": model}, forward=False)
    assert all(len(page) == 7 for page in forward[:-1])
    key = [plain(content) for page in forward for content in page]
    assert key == [plain(content) for page in reversed(backward) for content in page]
    assert sorted(key) == sorted(plain(each["content"]) for each in wanted)
    assert beside.client.ask("count", query={"model": model}) == len(wanted)


def test_a_collection_of_one_account(beside: Beside) -> None:
    model = corpus.expected()["meta"]["models"]["post"]["stream_id"]
    account = indexed(model)[0]["controller"]
    wanted = [each for each in indexed(model) if each["controller"] == account]
    pages = all_pages(beside, {"model": model, "account": account}, forward=True)
    assert (
        sum(map(len, pages))
        == len(wanted)
        == beside.client.ask("count", query={"model": model, "account": account})
    )


def test_a_collection_is_filtered_by_what_documents_say(beside: Beside) -> None:
    model = corpus.expected()["meta"]["models"]["post"]["stream_id"]
    everything = [text for page in all_pages(beside, {"model": model}, forward=True) for text in page]
    name, value = next((name, value) for name, value in everything[0].items() if isinstance(value, str))
    same = [content for content in everything if content.get(name) == value]
    others = [content for content in everything if content not in same]
    for filters, wanted in (
        ({"where": {name: {"equalTo": value}}}, same),
        ({"not": {"where": {name: {"equalTo": value}}}}, others),
        ({"where": {"nowhere": {"isNull": True}}}, everything),
        ({"where": {"nowhere": {"isNull": False}}}, []),
    ):
        pages = all_pages(beside, {"model": model, "queryFilters": filters}, forward=True)
        assert [text for page in pages for text in page] == wanted
    assert same


def test_a_query_that_is_not_served_says_so(beside: Beside) -> None:
    model = corpus.expected()["meta"]["models"]["post"]["stream_id"]
    with pytest.raises(Failed, match="a query filter has one member"):
        beside.client.ask("query", query={"model": model, "first": 1, "queryFilters": {"or": [], "and": []}})
    with pytest.raises(Failed, match="should be positive integers"):
        beside.client.ask("query", query={"model": model})
    with pytest.raises(Failed, match=r"Requested too many entries: 1001\. Maximum is 1000"):
        beside.client.ask("query", query={"model": model, "first": 1001})
    with pytest.raises(Failed, match="no cursor of this node"):
        beside.client.ask("query", query={"model": model, "first": 1, "after": "abc"})


def test_the_node_says_what_it_is(beside: Beside) -> None:
    assert beside.client.ask("chains") == []
    said = beside.node.get("/api/v0/node/healthcheck")
    assert (said.status, said.text) == (200, "Alive!")
    assert beside.node.get("/api/v0/node/healthcheck?checkIpfs=false").status == 200


def test_pages_may_read_with_credentials(beside: Beside) -> None:
    said = beside.node.get("/api/v0/node/chains", Origin="https://app.example")
    assert said.headers["access-control-allow-origin"] == "https://app.example"
    assert said.headers["access-control-allow-credentials"] == "true"


def test_writing_is_refused_in_its_words(beside: Beside) -> None:
    for path in ("/api/v0/streams", "/api/v0/commits"):
        said = beside.node.post(path, {})
        assert (said.status, said.json()) == (400, {"error": "Method not supported by read only Ceramic"})
