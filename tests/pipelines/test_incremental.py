"""Increments end in the tables of one whole export."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_connectors.versions import current_version
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_pipelines.summary import Summary
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.events import InitEvent, decode_event
from ceramic_protocol.ids import METAMODEL, StreamId
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support import corpus, signing
from tests.support.cli import run
from tests.support.export import ORIGIN, write_ndjson
from tests.support.increments import NOW, Step, assert_same, rows, steps
from tests.support.late_set import LateSet
from tests.support.mixed_set import MixedSet
from tests.support.signing import ed25519


def model_of(car: bytes) -> StreamId | None:
    event = decode_event(car)
    return event.header.model if isinstance(event, InitEvent) else None


SAMPLE_CHAIN = FileChain.load(corpus.CHAIN)


def manifest(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "manifest.json").read_bytes())
    return found


def files(output: Path, table: str) -> dict[str, int]:
    """Inodes by name."""
    folder = current_version(output) / table
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def test_increments_of_the_sample_end_in_the_whole(tmp_path: Path) -> None:
    increments, whole = steps(tmp_path, corpus.cars(), SAMPLE_CHAIN.transactions, 3, 1)
    whole.run(tmp_path / "whole")
    for step in increments:
        step.run(tmp_path / "out", incremental=True)
    assert_same(tmp_path / "out", rows(tmp_path / "whole"))


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_increments_of_every_sort_end_in_the_whole(tmp_path: Path, seed: int) -> None:
    mixed = MixedSet(seed)
    increments, whole = steps(tmp_path, mixed.cars, mixed.chain, 10, seed)
    whole.run(tmp_path / "whole")
    wanted = rows(tmp_path / "whole")
    assert all(wanted.values())
    for number, step in enumerate(increments):
        # Time goes back once: whatever changes with it is looked at again all the same.
        moved = replace(step, at=NOW + timedelta(weeks=1)) if number == 5 else step
        moved.run(tmp_path / "out", incremental=True, num_shards=64)
    assert_same(tmp_path / "out", wanted)


LATE = LateSet(1, models=3, documents=3)
MODELS = [cid for cid, car in LATE.cars.items() if model_of(car) == METAMODEL]
LINKED = [cid for cid, car in LATE.cars.items() if model_of(car) not in (METAMODEL, None)][:2]
OTHER = signing.init(ed25519(7), None, model=None, unique=b"other")
ASTRAY_INIT = signing.init(ed25519(8), None, model=None, unique=b"astray")
ASTRAY = signing.data(ed25519(8), ASTRAY_INIT, OTHER, [])
OF_NO_INIT = signing.data(ed25519(8), ASTRAY, ASTRAY, [])
MORE = {str(made.cid): made.car for made in (OTHER, ASTRAY_INIT, ASTRAY, OF_NO_INIT)}
CARS = LATE.cars | MORE


@pytest.mark.parametrize("last", [*MODELS, *LINKED, str(OTHER.cid), str(ASTRAY.cid)])
def test_what_waits_for_an_event_elsewhere_is_judged_when_it_comes(tmp_path: Path, last: str) -> None:
    for name, cars in (("1", CARS.keys() - {last}), ("2", {last})):
        write_ndjson(tmp_path / f"{name}.ndjson.gz", [(cid, CARS[cid]) for cid in sorted(cars)])
        step = Step(f"ndjson:{tmp_path / name}.ndjson.gz", SAMPLE_CHAIN, NOW)
        step.run(tmp_path / "out", incremental=True, num_shards=64)
    Step(f"ndjson:{tmp_path}/*.gz", SAMPLE_CHAIN, NOW).run(tmp_path / "whole")
    assert manifest(tmp_path / "out")["incremental"]["files_made_anew"] < 40
    assert_same(tmp_path / "out", rows(tmp_path / "whole"))


def grow(path: Path, cars: list[tuple[str, bytes]], output: Path, **settings: Any) -> Summary:
    write_ndjson(path, cars)
    job = ExportJob(f"ndjson:{path}", output, Rules.as_of(NOW), Verifier(SAMPLE_CHAIN), **settings)
    return run_export(job)


def test_of_a_source_that_grew_only_the_rest_is_read(tmp_path: Path) -> None:
    cars, source, out = list(corpus.cars().items())[:400], tmp_path / "a.ndjson.gz", tmp_path / "out"
    assert grow(source, cars[:300], out, incremental=True).items == 300
    assert grow(source, cars, out, incremental=True).items == 100
    assert grow(source, cars, out, incremental=True).items == 0
    grow(source, cars, tmp_path / "whole")
    assert_same(out, rows(tmp_path / "whole"))
    assert manifest(out)["incremental"]["files_made_anew"] == 0


def test_a_source_that_changed_is_read_again_and_what_is_known_not_verified(tmp_path: Path) -> None:
    cars, source, out = list(corpus.cars().items())[:400], tmp_path / "a.ndjson.gz", tmp_path / "out"
    grow(source, cars[:300], out, incremental=True)
    before = files(out, "events")
    summary = grow(source, [*cars[50:60], *cars[:300]], out, incremental=True)
    assert (summary.items, manifest(out)["incremental"]["files_made_anew"] < 16) == (310, True)
    assert set(before.values()) & set(files(out, "events").values())
    grow(source, cars[:300], tmp_path / "whole")
    wanted = rows(tmp_path / "whole")
    for name, table in rows(out).items():
        assert [_placeless(row) for row in table] == [_placeless(row) for row in wanted[name]]


def _placeless(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ORIGIN}


def test_what_isnt_touched_is_carried_over_as_the_same_file(tmp_path: Path) -> None:
    cars, source, out = list(corpus.cars().items())[:300], tmp_path / "a.ndjson.gz", tmp_path / "out"
    grow(source, cars[:-1], out, incremental=True)
    before = {table: files(out, table) for table in ("events", "event_states", "rejected")}
    grow(source, cars, out, incremental=True)
    made = manifest(out)["incremental"]["files_made_anew"]
    assert 1 <= made < 16
    for table, known in before.items():
        after = files(out, table)
        assert len(after.items() & known.items()) == 16 - made


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_shards": 8}, "num_shards 16 and not 8"),
        ({"rules": Rules.as_of(NOW, tie_break=TieBreak.BINARY)}, "tie_break 'js' and not 'binary'"),
        ({"rules": Rules.as_of(NOW, grace=5)}, "grace 86400 and not 5"),
    ],
)
def test_other_rules_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    write_ndjson(tmp_path / "a.ndjson.gz", list(corpus.cars().items())[:20])
    job = ExportJob(f"ndjson:{tmp_path}/a.ndjson.gz", tmp_path / "out", Rules.as_of(NOW), incremental=True)
    run_export(job)
    with pytest.raises(UsageError, match=words):
        run_export(replace(job, **change))
    run_export(replace(job, **change, overwrite=True))
    assert manifest(tmp_path / "out")["version"] == 2


def test_a_whole_export_is_no_beginning(tmp_path: Path) -> None:
    step = Step(f"ndjson:{tmp_path}/a.ndjson.gz", SAMPLE_CHAIN, NOW)
    write_ndjson(tmp_path / "a.ndjson.gz", list(corpus.cars().items())[:20])
    step.run(tmp_path / "out")
    with pytest.raises(UsageError, match="without its events: begin anew with --overwrite"):
        step.run(tmp_path / "out", incremental=True)
    step.run(tmp_path / "out", incremental=True, overwrite=True)
    assert (tmp_path / "out" / "events").is_dir()
    step.run(tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "events").is_symlink()


@pytest.mark.parametrize("damage", ["no JSON", "strange", "cursor", "events", "no events", "no letters"])
def test_a_damaged_version_is_one_sentence_and_stays(tmp_path: Path, damage: str) -> None:
    write_ndjson(tmp_path / "a.ndjson.gz", list(corpus.cars().items())[:20])
    step = Step(f"ndjson:{tmp_path}/a.ndjson.gz", SAMPLE_CHAIN, NOW)
    step.run(tmp_path / "out", incremental=True, num_shards=1)
    version = current_version(tmp_path / "out")
    told = manifest(tmp_path / "out")
    (events,) = (version / "events").iterdir()
    if damage == "no JSON":
        (version / "manifest.json").write_text("{")
    elif damage == "strange":
        (version / "manifest.json").write_text(json.dumps({**told, "incremental": {"num_shards": "many"}}))
    elif damage == "cursor":
        told["incremental"]["cursors"] = {step.source: {"count": 7, "digest": None}}
        (version / "manifest.json").write_text(json.dumps(told))
        # Which is no position: the source is read again.
        step.run(tmp_path / "out", incremental=True)
        return
    elif damage == "events":
        events.write_bytes(events.read_bytes()[:-100])
    elif damage == "no events":
        events.unlink()
        events.mkdir()
    else:
        (events_of_letters,) = (version / "dead_letters").iterdir()
        events_of_letters.write_bytes(b"")
    write_ndjson(tmp_path / "b.ndjson.gz", list(corpus.cars().items())[20:40])
    with pytest.raises(CeramicError):
        replace(step, source=f"ndjson:{tmp_path}/b.ndjson.gz").run(tmp_path / "out", incremental=True)
    assert current_version(tmp_path / "out") == version


def test_the_command_goes_on_where_it_was(tmp_path: Path) -> None:
    write_ndjson(tmp_path / "a.ndjson.gz", list(corpus.cars().items())[:20])
    command = ("export", f"ndjson:{tmp_path}/a.ndjson.gz", "--output", str(tmp_path / "out"))
    options = ("--incremental", "--keep", "0", "--num-shards", "2", "--partition-by", "day")
    for read in ("20", "0"):
        printed = run(*command, *options)
        assert printed.exit_code == 0, printed.stderr
        assert f"{read:>8}  events read" in printed.stderr
    refused = run(*command)
    assert refused.exit_code == 2
    assert "use --overwrite, --incremental or another folder" in refused.stderr
    refused = run(*command, *options[:-1], "model")
    assert "partition_by ['day'] and not ['model']" in refused.stderr
