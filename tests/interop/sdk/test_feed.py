"""The feed, as `@ceramic-sdk/http-client` reads it."""

from __future__ import annotations

from ceramic_protocol import multibase
from ceramic_protocol.events import InvalidEvent, decode_event
from tests.interop.sdk.sdk import LIST, beside
from tests.interop.talking import Talk


def write(sdk: Talk, documents: int) -> list[str]:
    """A model and documents that are changed once; the CIDs of all events in order."""
    model = sdk.ask("createModel", definition=LIST, seed=1)
    cids = []
    for number in range(documents):
        made = sdk.ask("create", model=model, content={"title": f"{number}"}, seed=3)
        said = sdk.ask("update", stream=made["stream"], content={"title": f"{number}!"}, seed=3)
        cids += [made["commit"], said["commit"]]
    return cids


def test_the_feed_has_every_event_once_and_in_order() -> None:
    with beside() as (_node, sdk):
        written = write(sdk, 5)
        # The client drops what it is asked to ask for, so this is the page that nobody parametrises.
        page = sdk.ask("feed")
        assert [event["id"] for event in page["events"]][1:] == written
        assert page["resumeToken"] == "12"
        read, token = [], "0"
        while True:
            page = sdk.ask("page", query={"resumeAt": token, "limit": 3, "includeData": "full"})
            read += page["events"]
            if not page["events"]:
                break
            token = page["resumeToken"]
        assert page["resumeToken"] == token == "12"
        assert [event["id"] for event in read][1:] == written
        for event in read:
            decoded = decode_event(multibase.decode(event["data"]))
            assert not isinstance(decoded, InvalidEvent)
            assert str(decoded.cid) == event["id"]


def test_a_node_says_which_api_it_has() -> None:
    with beside() as (_node, sdk):
        assert sdk.ask("version") == {"version": "0.58.0"}
