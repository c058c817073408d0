"""Pages that follow from the code are up to date, and the README's links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

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
