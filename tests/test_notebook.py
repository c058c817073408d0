"""The notebook of the examples runs from top to bottom, and shows what the tables hold."""

from __future__ import annotations

import re
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.support import corpus
from tests.support.vectors import PROJECT

NOTEBOOK = PROJECT / "examples" / "tables.ipynb"


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> str:
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(texts)


def test_it_is_kept_without_outputs() -> None:
    for cell in code_cells(nbformat.read(NOTEBOOK, as_version=4)):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_it_runs_and_shows_the_sample() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(PROJECT)}})
    client.execute()
    summary, models, per_day, sums, reasons = map(shown, code_cells(notebook))
    assert re.search(rf"{len(corpus.cars()):,}\s+events read", summary)
    assert "CorpusPost" in models
    assert "corpus_post_wfdajdvinr" in models
    assert "2024-03" in per_day
    streams = [stream for stream in corpus.expected()["streams"] if stream["valid"]]
    anchored = sum(stream["anchor"]["tip_anchored_at"] is not None for stream in streams)
    assert int(sums.split()[-2]) >= anchored
    assert "signature_invalid" in reasons
