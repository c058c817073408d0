"""The transforms in Beam YAML: what the provider lists, the example as it stands, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.yaml.yaml_provider import load_providers
from apache_beam.yaml.yaml_transform import expand_pipeline

import ceramic_transforms
from ceramic_protocol.errors import UsageError
from ceramic_transforms.yaml.judging import VerifyEvents
from tests.support import cli, corpus
from tests.support.export import export, read_tables
from tests.support.vectors import PROJECT

PROVIDERS = Path(ceramic_transforms.__path__[0]) / "providers.yaml"
EXAMPLE = PROJECT / "examples" / "export.yaml"
READ = f"""
    - type: ReadEventsFromNdjson
      name: Read
      config: {{file_pattern: "{corpus.NDJSON}", work_dir: "WORK"}}
"""
VERIFY = f"""
    - type: VerifyEvents
      name: Verify
      input: Read
      config: {{chain: "{corpus.CHAIN}", error_handling: {{output: bad}}}}
"""


def run_yaml(transforms: str, work: Path) -> None:
    head = f"providers:\n  - include: {PROVIDERS}\npipeline:\n  transforms:\n"
    spec = head + transforms.replace("WORK", str(work))
    with TestPipeline(runner="FnApiRunner") as pipeline:
        expand_pipeline(pipeline, spec)


def test_every_transform_has_a_schema_and_a_description() -> None:
    (provider,) = load_providers(str(PROVIDERS))
    names = set(provider.provided_transforms())
    assert names >= {"ReadEventsFromKafka", "VerifyEvents", "ResolveStreams", "FoldStreams", "WriteTables"}
    for name in names:
        fields = {field.name: field for field in provider.config_schema(name).fields}
        assert provider.description(name)
        assert all(field.description for field in fields.values()), name
        assert all(field.type.WhichOneof("type_info") for field in fields.values()), name
    node = {field.name: field.type for field in provider.config_schema("ReadEventsFromNode").fields}
    assert node["models"].WhichOneof("type_info") == "array_type"
    assert (node["start_read_time"].nullable, node["start_read_time"].WhichOneof("type_info")) == (
        True,
        "atomic_type",
    )


def test_the_example_runs_and_writes_what_export_writes(tmp_path: Path) -> None:
    """By the command that it names, from a clone."""
    variables = json.dumps({"folder": str(tmp_path / "out")})
    command = [sys.executable, "-m", "apache_beam.yaml.main", f"--yaml_pipeline_file={EXAMPLE}"]
    done = subprocess.run(
        [*command, "--runner=FnApiRunner", f"--jinja_variables={variables}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    export(f"ndjson:{corpus.NDJSON}", tmp_path / "expected")
    expected = read_tables(tmp_path / "expected")
    for name, table in read_tables(tmp_path / "out" / "tables").items():
        assert table.to_pylist() == expected[name].to_pylist(), name
    report = _lines(tmp_path / "out", "per-model.json*")
    sql = (
        "SELECT model, count(*) AS streams, max(anchored_at) AS last_anchor FROM stream_states"
        " WHERE anchored_at IS NOT NULL AND model IS NOT NULL GROUP BY model ORDER BY model"
    )
    asked = cli.lines(cli.run("query", str(tmp_path / "out" / "tables"), sql, "--format", "ndjson"))
    assert sorted(report, key=lambda row: row["model"]) == asked
    assert len(report) > 5


def _lines(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [json.loads(line) for file in folder.glob(pattern) for line in file.read_text().splitlines()]


def test_rows_of_events_are_filtered_and_go_on(tmp_path: Path) -> None:
    """Filter and MapToFields know the columns; what is left is events again."""
    transforms = f"""{READ}
    - type: EventsToRows
      name: Rows
      input: Read
      config: {{form: raw}}
    - type: Filter
      name: Even
      input: Rows
      config: {{language: python, keep: "len(car) % 2 == 0"}}
    - type: RowsToEvents
      name: Events
      input: Even
      config: {{form: raw}}
    - type: DeduplicateEvents
      name: Once
      input: Events
    - type: VerifyEvents
      name: Verify
      input: Once
      config: {{chain: "{corpus.CHAIN}", error_handling: {{output: bad}}}}
    - type: EventsToRows
      name: Checked
      input: Verify
      config: {{form: checked, as_text: true}}
    - type: MapToFields
      name: Fields
      input: Checked
      config: {{language: python, fields: {{event_cid: event_cid, ok: "reason is None"}}}}
    - type: WriteToJson
      name: Write
      input: Fields
      config: {{path: "WORK/checked.json", num_shards: 1}}
    - type: MapToFields
      name: BadFields
      input: Verify.bad
      config: {{language: python, fields: {{reason: reason, position: position}}}}
    - type: WriteToJson
      name: WriteBad
      input: BadFields
      config: {{path: "WORK/bad.json", num_shards: 1}}
"""
    run_yaml(transforms, tmp_path)
    cars = {cid for cid, car in corpus.cars().items() if len(car) % 2 == 0}
    checked, bad = _lines(tmp_path, "checked.json*"), _lines(tmp_path, "bad.json*")
    assert len(checked) + len(bad) == len(cars)
    assert {row["event_cid"] for row in checked} < cars
    valid = {cid for cid in cars if corpus.verdicts()[cid] == corpus.VALID}
    assert valid <= {row["event_cid"] for row in checked if row["ok"]}
    assert {row["reason"] for row in bad} <= {reason for _outcome, reason in corpus.verdicts().values()}
    assert bad


def test_folded_streams_are_rows(tmp_path: Path) -> None:
    transforms = f"""{READ}{VERIFY}
    - type: FoldStreams
      name: Fold
      input: Verify
      config: {{reducer: "examples.activity:Activity"}}
    - type: WriteToJson
      name: Write
      input: Fold
      config: {{path: "WORK/folded.json", num_shards: 1}}
    - type: LogForTesting
      name: Bad
      input: Verify.bad
"""
    run_yaml(transforms, tmp_path)
    folded = _lines(tmp_path, "folded.json*")
    by_command = cli.lines(
        cli.run("resolve", f"ndjson:{corpus.NDJSON}", *cli.CHAIN, "--reducer", "examples.activity:Activity")
    )
    states = {line["stream_id"]: line["content"] for line in by_command if line["tip"]}
    assert len(folded) > 300
    for row in folded:
        assert json.loads(row["state"]) == states[row["stream_id"]]


def test_the_output_for_dead_letters_has_a_name_of_its_own() -> None:
    for wrong in ({}, {"output": "good"}, {"output": "bad", "threshold": "1"}):
        with pytest.raises(UsageError, match="takes output alone"):
            VerifyEvents(error_handling=wrong)


def test_what_is_no_event_ends_a_job_without_error_handling(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"no event \(\w+\); to go on without it, name error_handling"):
        run_yaml(READ + "\n    - {type: VerifyEvents, name: Verify, input: Read}\n", tmp_path)


@pytest.mark.parametrize(
    ("transform", "told"),
    [
        ("{type: VerifyEvents, input: Read, config: {profile: lax}}", "none of strict"),
        ("{type: ResolveStreams, input: Read, config: {at: soon}}", "'soon' is no time"),
        ("{type: ResolveStreams, input: Read, config: {tie_break: coin}}", "none of js"),
        ("{type: EventsToRows, input: Read, config: {form: boiled}}", "raw or checked"),
        ("{type: RowsToEvents, input: Read, config: {form: raw}}", "rows with a schema are wanted"),
        ("{type: TableToRows, input: Read, config: {table: x}}", "there is no table 'x'"),
        ("{type: FoldStreams, input: Read, config: {reducer: nobody}}", "no reducer 'nobody'"),
        ("{type: WriteTables, input: Read, config: {output: WORK/full}}", "already holds files"),
        (
            "{type: WriteTables, input: {tables: Read, rows: Read}, config: {output: WORK/new}}",
            "takes tables and dead_letters",
        ),
        ("{type: VerifyEvents, input: Read, config: {chains: x}}", "chains"),
    ],
)
def test_settings_that_make_no_sense_are_refused_when_the_pipeline_is_built(
    transform: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    pipeline = TestPipeline(runner="FnApiRunner")
    spec = f"providers:\n  - include: {PROVIDERS}\npipeline:\n  transforms:\n{READ}    - {transform}\n"
    with pytest.raises(ValueError, match=told):
        expand_pipeline(pipeline, spec.replace("WORK", str(tmp_path)))
