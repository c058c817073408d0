"""The main job by options of Beam: the same job as `export`, given in another way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from ceramic_pipelines.beam_export import main
from ceramic_pipelines.beam_options import CeramicOptions, job_of
from ceramic_protocol.errors import UsageError
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak
from tests.support import corpus
from tests.support.export import export, read_tables
from tests.support.vectors import PROJECT

PLACES = ("--source", f"ndjson:{corpus.NDJSON}", "--output", "tables")


def test_every_option_reaches_the_job() -> None:
    job = job_of(
        [
            *PLACES,
            *("--runner", "PrismRunner", "--num_shards", "3", "--workers", "2", "--threads", "1"),
            *("--at", "2026-01-31T12:00:00Z", "--profile", "js", "--tie_break", "binary"),
            *("--grace", "7", "--skew", "8", "--ceramic_network", "mainnet", "--chain", str(corpus.CHAIN)),
            *("--anchor_contract", f"eip155:1=0x{'aB' * 20}", "--keep", "5", "--partition_by", "model,day"),
            *("--overwrite", "--incremental", "--reducer", "examples.activity:Activity"),
            *("--direct_num_workers", "1"),
        ]
    )
    assert (job.source, job.output) == (f"ndjson:{corpus.NDJSON}", Path("tables"))
    assert (job.runner, job.num_shards, job.workers, job.threads) == ("PrismRunner", 3, 2, 1)
    assert job.rules.as_of_text == "2026-01-31T12:00:00+00:00"
    assert (job.rules.profile, job.rules.tie_break) == (Profile.JS, TieBreak.BINARY)
    assert (job.rules.grace, job.rules.skew, job.keep_seconds) == (7, 8, 5)
    assert job.verifier.network is not None
    assert job.verifier.network.name == "mainnet"
    assert job.verifier.anchor_contracts == {"eip155:1": "0x" + "ab" * 20}
    assert (job.partition_by, job.overwrite, job.incremental) == (("model", "day"), True, True)
    assert type(job.reducer).__name__ == "Activity"
    assert "--direct_num_workers" in job.beam_options


def test_what_is_not_said_is_as_for_export() -> None:
    job = job_of(PLACES)
    assert job.runner == "FnApiRunner"
    assert (job.num_shards, job.workers, job.threads, job.reducer) == (None, 1, None, None)
    assert (job.rules.profile, job.rules.grace, job.rules.skew) == (Profile.STRICT, 86_400, 300)
    assert job_of([*PLACES, "--profile", "ceramic-one"]).rules.grace == 0


def test_they_are_options_of_a_pipeline() -> None:
    """Beside those of Beam, none of which has the same name."""
    options = PipelineOptions([*PLACES, "--runner=FnApiRunner", "--streaming"])
    assert options.view_as(CeramicOptions).output == "tables"
    assert options.view_as(StandardOptions).streaming
    assert options.get_all_options()["tie_break"] == "js"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--output", "x"], "--source is missing"),
        (["--source", "x"], "--output is missing"),
        ([*PLACES, "--profile", "lax"], "none of strict"),
        ([*PLACES, "--at", "soon"], "'soon' is no time"),
        ([*PLACES, "--reducer", "nobody"], "no reducer 'nobody'"),
        ([*PLACES, "--anchor_contract", "eip155:1=0x"], "no contract"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=told):
        job_of(arguments)
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


def test_the_script_writes_what_export_writes(tmp_path: Path) -> None:
    script = [sys.executable, "-m", "ceramic_pipelines.beam_export", "--runner=FnApiRunner"]
    done = subprocess.run(
        [*script, *PLACES[:3], str(tmp_path / "tables"), "--chain", str(corpus.CHAIN)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "3,000  events read" in done.stdout
    export(f"ndjson:{corpus.NDJSON}", tmp_path / "expected")
    expected = read_tables(tmp_path / "expected")
    for name, table in read_tables(tmp_path / "tables").items():
        assert table.to_pylist() == expected[name].to_pylist(), name
