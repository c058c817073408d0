"""What URIs of sources name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceramic_connectors.source.kinds import URI
from ceramic_connectors.source.uris import OriginKind, folder_of, origin_of, path_of
from ceramic_protocol.errors import UsageError


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("http://127.0.0.1:5101", OriginKind.NODE),
        ("HTTPS://node.example", OriginKind.NODE),
        ("store:data", OriginKind.STORE),
        ("kafka://127.0.0.1:9092/raw.*,more", OriginKind.TOPICS),
        ("car:archive.car", OriginKind.EVENTS),
        ("car:///data/*.car", OriginKind.EVENTS),
        ("ndjson:events.gz", OriginKind.EVENTS),
        ("events.ndjson.gz", OriginKind.EVENTS),
        ("a folder/archive.car", OriginKind.EVENTS),
    ],
)
def test_what_they_name(uri: str, kind: OriginKind) -> None:
    assert origin_of(uri) is kind


@pytest.mark.parametrize(
    "uri", ["", "car:", "store:", "store://", "ftp://x.car", "folder", "env:NODE", "kafka://"]
)
def test_what_names_nothing(uri: str) -> None:
    with pytest.raises(UsageError, match="a source is a node's address"):
        origin_of(uri)


@pytest.mark.parametrize(
    "uri", ["kafka://x", "kafka://x:9092", "kafka://x:0/t", "kafka:///t", "kafka://x:1/,"]
)
def test_addresses_of_topics_that_are_none(uri: str) -> None:
    with pytest.raises(UsageError):
        URI.parse(uri)
    assert URI.parse(" kafka://x:1,y:2/a,b.* ") == "kafka://x:1,y:2/a,b.*"


def test_paths() -> None:
    assert path_of("car:/data/a.car") == "/data/a.car"
    assert path_of("car:///data/a.car") == "/data/a.car"
    assert path_of("a.car") == "a.car"
    assert folder_of("store:~/data") == Path.home() / "data"


def test_only_addresses_are_masked() -> None:
    assert URI.shown("car:archive.car") == "car:archive.car"
    assert "secret" not in URI.shown("https://node.example/secret")
