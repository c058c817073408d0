"""States of documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import DocumentState, envelope_json, header_metadata, init_state, next_state
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InitEvent, InitHeader, decode_init_header
from ceramic_protocol.limits import MAX_DOCUMENT_BYTES
from ceramic_protocol.reasons import Reason
from tests.support import signing, strategies
from tests.support.signing import ed25519

VERSION = Cid.of(b"version")


def header(**fields: Any) -> InitHeader:
    event = signing.init(ed25519(), {}, **fields).decode()
    assert isinstance(event, InitEvent)
    return event.header


def test_an_init_without_content_is_null_and_indexed() -> None:
    state = init_state(header(), None)
    assert (state.content, state.metadata) == (None, {"shouldIndex": True})
    assert state.json == b'{"metadata":{"shouldIndex":true},"content":null}'


def test_the_header_gives_the_metadata() -> None:
    state = init_state(header(shouldIndex=False, modelVersion=VERSION), [1])
    assert state.metadata == {"shouldIndex": False, "modelVersion": VERSION}
    wanted = f'{{"metadata":{{"modelVersion":{{"/":"{VERSION}"}},"shouldIndex":false}},"content":[1]}}'
    assert state.json == wanted.encode()


def test_metadata_is_overlaid_and_kept() -> None:
    state = init_state(header(modelVersion=VERSION), {})
    state = next_state(state, {"shouldIndex": False, "x": 1}, [])
    assert state.metadata == {"shouldIndex": False, "modelVersion": VERSION}
    assert next_state(state, {}, []).metadata == state.metadata
    assert next_state(state, {"shouldIndex": True}, []).metadata["shouldIndex"] is True


def test_members_of_the_wrong_type_are_no_metadata() -> None:
    assert header_metadata({"shouldIndex": 1, "modelVersion": b"x", "sep": "model"}) == {}
    assert header_metadata({"shouldIndex": None, "modelVersion": VERSION}) == {"modelVersion": VERSION}


def test_the_first_patch_of_an_empty_document_applies_to_a_map() -> None:
    state = next_state(init_state(header(), None), {}, [{"op": "add", "path": "/a", "value": 1}])
    assert state.content == {"a": 1}
    # So it stays null only as long as nobody writes to it.
    assert next_state(init_state(header(), None), {}, []).content == {}


def test_a_state_is_not_changed_by_the_next_one() -> None:
    first = init_state(header(), {"a": {"b": [1]}})
    before = first.json
    second = next_state(first, {}, [{"op": "add", "path": "/a/b/-", "value": 2}])
    assert second.content == {"a": {"b": [1, 2]}}
    assert first.content == {"a": {"b": [1]}}
    assert first.json == before


def test_a_patch_that_fails_gives_no_state() -> None:
    with pytest.raises(DecodeError) as error:
        next_state(init_state(header(), {}), {}, [{"op": "remove", "path": "/a/b"}])
    assert error.value.reason is Reason.PATCH_FAILED


def test_the_size_of_a_document_is_bounded() -> None:
    room = MAX_DOCUMENT_BYTES - len(init_state(header(), "").json)
    assert len(init_state(header(), "x" * room).json) == MAX_DOCUMENT_BYTES
    with pytest.raises(DecodeError) as error:
        init_state(header(), "x" * (room + 1))
    assert error.value.reason is Reason.PATCH_FAILED


@given(strategies.ipld)
def test_every_content_has_its_text(content: Any) -> None:
    text = init_state(header(), content).json
    assert text.startswith(b'{"metadata":')
    assert json.loads(text).keys() == {"metadata", "content"}
    assert text == envelope_json({"shouldIndex": True}, content)


def test_equal_states_are_equal() -> None:
    assert init_state(decode_init_header({"controllers": []}), 1) == DocumentState(
        1, {"shouldIndex": True}, b'{"metadata":{"shouldIndex":true},"content":1}'
    )
