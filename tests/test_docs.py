"""Pages that follow from the code are up to date, and the README's links lead somewhere."""

from __future__ import annotations

import re
import runpy
import tempfile
from pathlib import Path

import pytest
from apache_beam.testing.test_pipeline import TestPipeline

from ceramic_connectors.sources import open_source
from ceramic_pipelines.cli import main
from ceramic_protocol.reasons import Reason
from tests.support import corpus
from tests.support.vectors import PROJECT

_GENERATOR = runpy.run_path(str(PROJECT / "docs" / "generate.py"))


@pytest.mark.parametrize("name", _GENERATOR["PAGES"])
def test_page_is_up_to_date(name: str) -> None:
    assert (PROJECT / "docs" / name).read_text(encoding="utf-8") == _GENERATOR["PAGES"][name](), (
        "run make docs"
    )


@pytest.mark.parametrize("page", [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))], ids=str)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_reason_stands_on_its_page_with_cause_and_remedy() -> None:
    page = (PROJECT / "docs" / "reasons.md").read_text(encoding="utf-8")
    for reason in Reason:
        (row,) = (line for line in page.splitlines() if f'<a id="{reason.value}"></a>' in line)
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1:] == [reason.outcome.value, reason.summary, reason.remedy]


def test_remedies_name_options_and_commands_that_exist() -> None:
    options = {name for parameter in main.commands["verify"].params for name in parameter.opts}
    for reason in Reason:
        assert set(re.findall(r"--[a-z-]+", reason.remedy)) <= options, reason
        assert set(re.findall(r"`([a-z]+) [A-Z]+`", reason.remedy)) <= main.commands.keys(), reason


def test_the_library_example_of_the_readme_runs() -> None:
    """It is run as it stands, on the sample."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"## As a library\n\n```python\n(.*?)```", readme, re.DOTALL)
    with tempfile.TemporaryDirectory() as folder, TestPipeline(runner="FnApiRunner") as pipeline:
        names: dict[str, object] = {
            "pipeline": pipeline,
            "chain": corpus.chain(),
            "source": open_source(f"ndjson:{corpus.NDJSON}", Path(folder)),
        }
        exec(example, names)  # our own words
        assert {"parts", "dead_letters"} <= names.keys()
