"""The page on anchoring says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ceramic_connectors.rpc_chain import RpcChain
from ceramic_node.anchoring import Book, State, Trouble
from tests.node.anchoring.making import leaf
from tests.support.vectors import PROJECT

PAGE = (PROJECT / "docs" / "anchoring.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(EXAMPLES[0], {"folder": tmp_path, "stream": leaf(1).stream, "tip": leaf(1).tip})
    assert re.fullmatch(rf"{leaf(1).tip} is anchored by bafyrei\w+\n", capsys.readouterr().out)
    with Book(tmp_path / "anchors.sqlite") as book:
        assert book.counts()[State.DONE] == 1


def test_the_other_examples_make_an_anchorer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    key = tmp_path / "anchor.key"
    key.write_text("07" * 32)
    key.chmod(0o600)
    urls = ["http://127.0.0.1:1"]
    for example in EXAMPLES[1:]:
        names = {"urls": urls, "rpc_urls": urls, "url": urls[0], "seed": b"\x07" * 32}
        exec(example, names)
        assert names["anchorer"].name  # type: ignore[attr-defined]
    assert RpcChain.__name__ in EXAMPLES[2]


def test_every_state_and_every_trouble_is_explained() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    for code in (*State, *Trouble):
        assert f"`{code.value}`" in rows, code
