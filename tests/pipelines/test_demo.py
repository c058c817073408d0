"""`make demo` shows what it made, in a fresh folder and over the output of a run before."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceramic_pipelines import demo


def test_the_demo_answers_its_questions_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_OUTPUT", tmp_path / "demo")
    for _ in range(2):
        demo.main()
        said = capsys.readouterr().out
        assert all(title in said for title, _query in demo._QUESTIONS)
        assert "signature_invalid" in said
