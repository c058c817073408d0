"""The benchmarks run, and give figures that can be figures. How fast is nobody's business here."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from nacl.exceptions import BadSignatureError

import bench
from bench import Figure
from bench.archives import write_car, write_ndjson
from bench.cli import main
from bench.grants import LIBRARIES, bare_check, make_grants
from bench.sessions import in_turn, make_pair
from bench.streams import forked, linear, make_events, make_stream
from bench.suite import BENCHMARKS
from ceramic_connectors.sources import open_source
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import NoChain, NoContracts, RawEvent
from ceramic_protocol.verify import Verifier
from tests.support import services

UNITS = {"µs", "events/s", "s", "MB"}


@pytest.fixture(scope="module", params=BENCHMARKS)
def figures(request: pytest.FixtureRequest) -> list[Figure]:
    if request.param.startswith("source"):
        services.check()
    return bench.run([request.param], short=True)


def test_figures_are_numbers_beside_others_of_their_unit(figures: list[Figure]) -> None:
    assert figures
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.unit in UNITS
        assert math.isfinite(figure.value)
        assert math.isfinite(figure.beside_value)
        assert figure.beside_value > 0
        assert math.isfinite(figure.ratio)
        assert figure.beside_name
        assert "×" in figure.note
    # The decoding is a difference, which noise may turn around.
    assert all(figure.value > 0 for figure in figures if not figure.name.startswith("decode"))


def test_the_steps_of_the_issue_are_measured() -> None:
    names = {figure.name for figure in bench.run(["verify"], short=True)}
    for step in ("split", "hash", "decode", "signature", "whole verify"):
        assert f"{step}, Ed25519" in names


@pytest.mark.parametrize("name", ["verify", "resolve"])
def test_the_command_prints_a_table_and_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--short"]) == 0
    machine, _, heads, *rows = capsys.readouterr().out.splitlines()
    assert "cores" in machine
    assert heads.split() == ["figure", "value", "beside", "value", "ratio", "note"]
    assert main([name, "--short", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(rows)
    wanted = {"name", "value", "unit", "beside_name", "beside_value", "ratio", "note"}
    assert all(line.keys() == wanted for line in lines)


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["verfiy"])
    assert stopped.value.code == 2
    assert (
        "there are verify, accounts, batch, build, resolve, live, job, pipeline, store"
        in capsys.readouterr().err
    )


def test_streams_have_the_shape_asked_for() -> None:
    assert list(linear(4)) == [0, 1, 2]
    assert forked(6) == [0, 0, 1, 1, 2]
    checked = [_checked(event.raw) for event in make_stream(7, forked(6))]
    init = checked[0].cid
    assert [event.stream for event in checked] == [init] * 6
    assert [event.prev for event in checked] == [None, *(checked[parent].cid for parent in forked(6))]


def _checked(raw: RawEvent) -> CheckedEvent:
    found = Verifier(NoChain()).check(raw)
    assert isinstance(found, CheckedEvent)
    assert found.reason is None
    return found


def test_sessions_write_the_same_under_a_capability_and_without() -> None:
    pair = make_pair(3, 20)
    assert [len(stream) for stream in (*pair.granted, *pair.plain)] == [10] * 12
    granted, plain = ([_checked(raw) for raw in in_turn(streams)] for streams in (pair.granted, pair.plain))
    assert [event.signer for event in granted] == [event.signer for event in plain]
    assert [event.kind for event in granted] == [event.kind for event in plain]
    assert len({event.capability for event in granted}) == 3
    assert {event.grant and event.grant.signature_type for event in granted} == {"eip191", "solana:ed25519"}
    assert {event.capability for event in plain} == {None}
    edits = [(one.payload, other.payload) for one, other in zip(granted, plain, strict=True) if one.prev]
    assert all(len(one) == len(other) for one, other in edits)


@pytest.mark.parametrize("kind", LIBRARIES)
def test_the_bare_check_is_that_of_the_same_capability(kind: str) -> None:
    one, other = make_grants(kind, 2)
    assert check_cacao_signature(one, NoContracts()) is None
    assert bare_check(kind, one)()
    if LIBRARIES[kind] != "coincurve":  # which recovers somebody's key from anything
        with pytest.raises((BadSignatureError, InvalidSignature)):
            bare_check(kind, replace(one, signature=other.signature, metadata=one.metadata))()


@pytest.mark.parametrize(("kind", "write"), [("car", write_car), ("ndjson", write_ndjson)])
def test_archives_hold_every_event_that_was_made(kind: str, write: object, tmp_path: Path) -> None:
    events = list(make_events(23, 5))
    path = tmp_path / "events"
    assert callable(write)
    write(path, events)
    source = open_source(f"{kind}:{path}", tmp_path)
    found = [item for page in source.read(0, source.count) for item in page.items]
    assert len({event.cid for event in events}) == 23
    assert [_cid_of(item) for item in found] == [event.cid for event in events]


def _cid_of(item: object) -> Cid:
    assert isinstance(item, RawEvent)
    return _checked(item).cid
