"""A node's data folder as a source, beside a node that runs on it and without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from ceramic_pipelines.sources import open_source
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.errors import CeramicError, OutsideError, UsageError
from ceramic_protocol.ports import EventSource
from tests.connectors.event_sources.source_contract import SourceContract, items_of
from tests.connectors.event_sources.test_nodes import prune_between, submit_all
from tests.node.http.v1.making import NOTES, chain
from tests.support.node import running_node


class TestStoreBesideItsNode(SourceContract):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        with running_node(folder / "node") as node:
            submit_all(node, events)
            yield open_source(f"store:{folder / 'node'}", folder / "work")

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        with running_node(folder / "node") as node:
            prune_between(node, before, after)
            yield open_source(f"store:{folder / 'node'}", folder / "work")


class TestStoreWithoutNode(TestStoreBesideItsNode):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        with super().opened(folder, events):
            pass
        yield open_source(f"store:{folder / 'node'}", folder / "work")


def test_what_comes_after_opening_is_not_read(tmp_path: Path) -> None:
    with running_node(tmp_path / "node") as node:
        submit_all(node, [NOTES])
        source = open_source(f"store:{tmp_path / 'node'}", tmp_path)
        submit_all(node, chain(3))
        assert len(items_of(source, 0, 10)) == 1


def test_a_folder_without_a_store_stays_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="there is no store in"):
        open_source(f"store:{tmp_path}", tmp_path / "work")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="write store:FOLDER"):
        open_source("store:", tmp_path)


def test_another_store_in_its_place_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with running_node(folder) as node:
        submit_all(node, [NOTES])
        source = open_source(f"store:{folder}", tmp_path)
    folder.rename(tmp_path / "old")
    with pytest.raises(OutsideError, match="is gone"):
        items_of(source, 0, 1)
    with running_node(folder) as node:
        submit_all(node, [NOTES])
        with pytest.raises(OutsideError, match="another store was put in"):
            items_of(source, 0, 1)


def test_a_file_that_is_no_store_is_an_error_of_ours(tmp_path: Path) -> None:
    for data in (b"", b"x" * 5000):
        (tmp_path / "store.sqlite").write_bytes(data)
        with pytest.raises(CeramicError):
            open_source(f"store:{tmp_path}", tmp_path)
