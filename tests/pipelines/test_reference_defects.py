"""Defects of ceramic-one's pipeline and tables, each with a test that would show it in ours.

`docs/defects.md` lists all of them, with the tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import Cid
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.cli import lines, run
from tests.support.export import write_ndjson
from tests.support.models import NOTE, NOTES
from tests.support.signing import Made, ed25519

ME: Final = ed25519(1)


def _healthy() -> list[Made]:
    """A model, and documents each with an update."""
    found = [NOTES]
    for number in range(8):
        init = signing.init(ME, {"a": number}, model=NOTE, unique=b"%d" % number)
        found += [init, signing.data(ME, init, init, [{"op": "add", "path": "/text", "value": "new"}])]
    return found


HEALTHY: Final = _healthy()


def _bare(value: object) -> bytes:
    """A CAR with one block, of whatever form."""
    block = dagcbor.encode(value)
    return car.encode([Cid.of(block)], [(Cid.of(block), block)])


def _without_proof() -> bytes:
    made = signing.time(HEALTHY[1], HEALTHY[2], KnownChain(), sibling=NOTES.cid)
    return made.with_blocks([block for block in made.blocks if block[0] in {made.cid, made.blocks[0][0]}])


def _bad_model_change() -> bytes:
    return signing.data(ed25519(99), NOTES, NOTES, [{"op": "remove", "path": "/no/such/thing"}]).car


def _init_with_model(model: object) -> bytes:
    payload = {"data": {"a": 1}, "header": {"controllers": [ME.did], "model": model, "sep": "model"}}
    return signing.sign(payload, ME).car


POISON: Final[Mapping[str, bytes]] = {
    "a model that is no StreamID": _init_with_model(b"no StreamID"),
    "an unsigned one": _bare({"header": {"controllers": [ME.did], "model": b"\0", "sep": "model"}}),
    "a model that is a text": _init_with_model("kh4q0ozorrgaq2mezktnrmdwleo1d"),
    "no signatures": _bare({"payload": bytes(NOTES.cid), "signatures": []}),
    "a proof that is not there": _without_proof(),
    "a change of a model that can't be applied": _bad_model_change(),
    "a document of a model that nobody has": signing.init(ME, {"a": 1}).car,
    "content that is no map": signing.init(ME, [[[]]], model=NOTE, unique=b"list").car,
    "no CAR": b"\xff" * 40,
    "nothing": b"",
}
"""Events that can't be made a row of: some of them stop ceramic-one for good, for every stream."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Healthy events with all kinds of poison in between."""
    path = tmp_path_factory.mktemp("poison") / "events.ndjson.gz"
    write_ndjson(path, _mixed())
    return f"ndjson:{path}"


def _mixed() -> Iterator[tuple[str, bytes]]:
    poison = [(str(Cid.of(name.encode())), data) for name, data in POISON.items()]
    for number, made in enumerate(HEALTHY):
        yield from poison[number : number + 1]
        yield str(made.cid), made.car


def test_poison_stops_no_verdict(source: str) -> None:
    verdicts = {line["cid"]: line["verdict"] for line in lines(run("verify", source))}
    assert all(verdicts[str(made.cid)] == "valid" for made in HEALTHY)
    assert len(verdicts) == len(HEALTHY) + len(POISON)
    assert sum(verdict == "valid" for verdict in verdicts.values()) == len(HEALTHY)


def test_poison_stops_no_stream(source: str) -> None:
    tips = {line["tip"] for line in lines(run("resolve", source))}
    assert tips >= {str(made.cid) for made in HEALTHY[2::2]}


@pytest.fixture(scope="module")
def tables(source: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("poison") / "tables"
    result = run("export", source, "--output", str(output))
    assert result.exit_code == 0, result.stderr
    return output


def _rows(tables: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(tables / name).to_pylist()
    return found


def test_poison_stops_no_table_and_is_kept_with_its_bytes(tables: Path) -> None:
    valid = {Cid(row["event_cid"]) for row in _rows(tables, "event_states") if not row["validation_errors"]}
    assert valid == {made.cid for made in HEALTHY}
    assert {row["raw"] for row in _rows(tables, "rejected")} == set(POISON.values())


def test_every_stream_has_its_tip_and_state(tables: Path) -> None:
    """ceramic-one declares these tables and never fills them."""
    tips, states = (
        {row["stream_cid"]: row for row in _rows(tables, name)} for name in ("stream_tips", "stream_states")
    )
    wanted = {bytes(NOTES.cid), *(bytes(made.cid) for made in HEALTHY[1::2])}
    assert tips.keys() == states.keys() == wanted
    assert all(
        states[bytes(init.cid)]["event_cid"] == tip.cid
        for init, tip in zip(HEALTHY[1::2], HEALTHY[2::2], strict=True)
    )
    contents = [json.loads(states[bytes(init.cid)]["data"])["content"] for init in HEALTHY[1::2]]
    assert contents == [{"a": number, "text": "new"} for number in range(8)]


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("conclusion_event_order > {2} AND conclusion_event_order > {6}", range(7, 17)),
        ("conclusion_event_order > {6} AND conclusion_event_order > {2}", range(7, 17)),
        ("{5} <= conclusion_event_order", range(5, 17)),
        ("{5} < conclusion_event_order", range(6, 17)),
        ("NOT conclusion_event_order <= {5} AND stream_type = 3", range(6, 17)),
        ("conclusion_event_order BETWEEN {2} AND {4}", range(2, 5)),
    ],
)
def test_a_filter_means_what_it_says(tables: Path, where: str, kept: range) -> None:
    """ceramic-one gives other rows for some spellings, as it pushes down the first one only."""
    rows = _rows(tables, "conclusion_events")
    orders = sorted(row["conclusion_event_order"] for row in rows)
    assert len(orders) == len(HEALTHY)
    models = {row["conclusion_event_order"] for row in rows if row["stream_type"] == 2}
    asked = f"SELECT conclusion_event_order AS place FROM conclusion_events WHERE {where.format(*orders)}"
    found = [line["place"] for line in lines(run("query", str(tables), asked, "--format", "ndjson"))]
    wanted = [orders[index] for index in kept]
    assert sorted(found) == [place for place in wanted if "stream_type" not in where or place not in models]


def test_the_same_order_on_every_node(tables: Path, tmp_path: Path) -> None:
    """In ceramic-one numbers depend on what came in the same second; here on the set of events alone."""
    path = tmp_path / "reversed.ndjson.gz"
    write_ndjson(path, list(_mixed())[::-1] * 2)
    result = run("export", f"ndjson:{path}", "--output", str(tmp_path / "tables"))
    assert result.exit_code == 0, result.stderr
    for name in ("conclusion_events", "event_states", "stream_tips", "stream_states"):
        assert _rows(tmp_path / "tables", name) == _rows(tables, name)
