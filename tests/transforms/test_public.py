"""What is public: documented, typed, countable, and applicable twice in one pipeline."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.transforms.display import DisplayData

import ceramic_transforms
from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.sources import open_source
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from ceramic_transforms import (
    DEAD_LETTERS,
    RAW_EVENTS,
    BatchesToRows,
    DeadLettersToTable,
    DeduplicateEvents,
    FoldStreams,
    PublishTables,
    ReadFromEventSource,
    ResolveStreams,
    RowsToBatches,
    TableToRows,
    VerifyEvents,
    WriteTables,
    read_counters,
)
from ceramic_transforms.batches import raw_batch
from examples.activity import Activity
from tests.support import corpus
from tests.support.export import export, read_tables
from tests.support.vectors import PROJECT

RULES = Rules.as_of(datetime(2026, 1, 1, tzinfo=UTC))


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(ceramic_transforms.__path__, "ceramic_transforms."):
        yield importlib.import_module(found.name)


def transforms() -> list[type[beam.PTransform[Any, Any]]]:
    found = {
        value
        for module in modules()
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, beam.PTransform)
        and value.__module__.startswith("ceramic_transforms")
        and not name.startswith("_")
    }
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def test_all_that_is_listed_is_there() -> None:
    for name in ceramic_transforms.__all__:
        assert getattr(ceramic_transforms, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ceramic_transforms.Nothing
    assert ceramic_transforms.__all__ == sorted(
        ceramic_transforms.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )


def test_transforms_are_found() -> None:
    names = {kind.__name__ for kind in transforms()}
    assert {
        name for name in ceramic_transforms.__all__ if name[0].isupper() and not name.isupper()
    } - names == {
        "FoldedStream",
        "TablePart",
    }
    assert len(names) >= 20


@pytest.mark.parametrize("kind", transforms(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
class TestEveryTransform:
    def test_says_what_its_parameters_are(self, kind: type[Any]) -> None:
        doc = inspect.getdoc(kind) or ""
        named = set(
            re.findall(r"^    (\w+): ", doc.partition("Args:\n")[2].partition("\n\n")[0], re.MULTILINE)
        )
        has_its_own = kind.__init__ is not beam.PTransform.__init__
        parameters = set(inspect.signature(kind).parameters) if has_its_own else set()
        assert doc.partition("\n")[0].endswith((".", ":")), "a first sentence"
        assert named == parameters

    def test_says_what_goes_in_and_comes_out(self, kind: type[Any]) -> None:
        hints = beam.typehints.decorators.get_type_hints(kind)
        makes_its_own = "with_output_types(" in inspect.getsource(kind.__init__)
        assert hints.output_types or makes_its_own or kind.__module__.endswith("yaml.judging")
        assert hints.input_types or kind.__name__.startswith("ReadFrom") or kind.__name__ == "WriteTables"

    def test_displays_its_settings(self, kind: type[Any]) -> None:
        assert kind.display_data is not beam.PTransform.display_data


def build(pipeline: beam.Pipeline, folder: Path, label: str) -> None:
    """Everything in a pipeline, under one label."""
    source = open_source(f"ndjson:{corpus.NDJSON}", folder / "work")
    raw = pipeline | f"{label}/Read" >> ReadFromEventSource(source)
    once = raw | f"{label}/Deduplicate" >> DeduplicateEvents()
    rows = once | f"{label}/ToRows" >> BatchesToRows(RAW_EVENTS)
    back = rows | f"{label}/Back" >> RowsToBatches(RAW_EVENTS)
    verified = back | f"{label}/Verify" >> VerifyEvents(Verifier(corpus.chain()))
    parts = verified.checked | f"{label}/Resolve" >> ResolveStreams(RULES)
    letters = verified[DEAD_LETTERS] | f"{label}/Letters" >> DeadLettersToTable()
    _ = verified.checked | f"{label}/Fold" >> FoldStreams(Activity(), RULES)
    _ = parts | f"{label}/States" >> TableToRows("stream_states", as_text=True)
    all_parts = (parts, letters) | f"{label}/All" >> beam.Flatten()
    files = all_parts | f"{label}/Write" >> WriteTables(str(folder / label))
    _ = files | f"{label}/Publish" >> PublishTables(str(folder / label), RULES)


def test_labels_are_unique_and_named(tmp_path: Path) -> None:
    """Twice in one pipeline; a step without a name would be called after a lambda or its line."""
    (tmp_path / "work").mkdir()
    pipeline = TestPipeline(runner="FnApiRunner")
    for label in ("one", "two"):
        build(pipeline, tmp_path, label)
    labels: list[str] = []

    class Visitor(beam.pipeline.PipelineVisitor):
        def visit_transform(self, node: Any) -> None:
            labels.append(node.full_label)

    pipeline.visit(Visitor())
    assert len(labels) == len(set(labels)) > 60
    assert not [label for label in labels if "lambda at" in label and "core.py" not in label]


def test_the_example_of_the_page_writes_what_export_writes(tmp_path: Path) -> None:
    """It is run as it stands."""
    page = (PROJECT / "docs" / "beam.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    with TestPipeline(runner="FnApiRunner") as pipeline:
        names: dict[str, object] = {
            "beam": beam,
            "pipeline": pipeline,
            "source": str(corpus.NDJSON),
            "work_dir": str(tmp_path),
            "verifier": Verifier(corpus.chain()),
            "rules": RULES,
            "output": str(tmp_path / "tables"),
        }
        exec(example, names)  # our own words
    assert ExportFolder.open(tmp_path / "tables").as_of == datetime(2026, 1, 1, tzinfo=UTC)
    export(f"ndjson:{corpus.NDJSON}", tmp_path / "expected")
    expected = read_tables(tmp_path / "expected")
    for name, table in read_tables(tmp_path / "tables").items():
        assert table.to_pylist() == expected[name].to_pylist(), name


def test_the_page_names_all_transforms_and_tests_that_exist() -> None:
    page = (PROJECT / "docs" / "beam.md").read_text(encoding="utf-8")
    for name in ceramic_transforms.__all__:
        assert f"`{name}" in page or name in {"FoldedStream", "TablePart", "DEAD_LETTERS"}, name
    for path in re.findall(r"`(tests/[a-z_/]+\.py)`", page):
        assert (PROJECT / path).exists(), path
    for name in re.findall(r"`(test_\w+)`", page):
        assert any(f"def {name}(" in path.read_text() for path in (PROJECT / "tests").rglob("test_*.py")), (
            name
        )
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == list(range(37, 48))


def test_what_is_dropped_or_refused_is_counted_by_reason(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    pipeline = TestPipeline(runner="FnApiRunner")
    build(pipeline, tmp_path, "only")
    result = pipeline.run()
    result.wait_until_finish()
    counters = read_counters(result)
    for (outcome, reason), number in _wanted().items():
        # The fold beside it evaluates the streams too, but counts nothing.
        assert counters[outcome if reason is None else f"{outcome}.{reason}"] == number
    assert counters["events_read"] == len(corpus.cars())


def _wanted() -> dict[tuple[str, str | None], int]:
    found: dict[tuple[str, str | None], int] = {}
    for verdict in corpus.verdicts().values():
        found[verdict] = found.get(verdict, 0) + 1
    return found


def test_display_data_can_be_made_of_all(tmp_path: Path) -> None:
    source = open_source(f"ndjson:{corpus.NDJSON}", tmp_path)
    made = [
        ReadFromEventSource(source),
        DeduplicateEvents(),
        BatchesToRows(RAW_EVENTS),
        RowsToBatches(RAW_EVENTS),
        VerifyEvents(Verifier(corpus.chain())),
        ResolveStreams(RULES),
        FoldStreams(Activity(), RULES),
        DeadLettersToTable(),
        TableToRows("rejected"),
        WriteTables("x"),
        PublishTables("x", RULES),
    ]
    for transform in made:
        assert DisplayData.create_from(transform).items, transform


def test_a_wrong_element_type_is_refused_when_the_pipeline_is_built() -> None:
    pipeline = TestPipeline(runner="FnApiRunner")
    texts = pipeline | beam.Create(["a"])
    with pytest.raises(beam.typehints.decorators.TypeCheckError):
        _ = texts | VerifyEvents(Verifier())


def test_batches_go_in() -> None:
    with TestPipeline(runner="FnApiRunner") as pipeline:
        batches = pipeline | beam.Create([raw_batch([])]).with_output_types(pa.RecordBatch)
        _ = batches | DeduplicateEvents()
