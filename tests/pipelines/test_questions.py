"""The ten questions of `docs/queries.md`, asked as the page says, beside answers from histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_protocol.ports import Transaction
from ceramic_protocol.verify import Verifier
from tests.support import capabilities, cli, corpus, signing
from tests.support.answers import Answers, Rows
from tests.support.capabilities import Wallet, iso
from tests.support.chains import KnownChain
from tests.support.export import write_ndjson
from tests.support.judging import RULES
from tests.support.mixed_set import MixedSet
from tests.support.pipeline import read
from tests.support.questions import Question, questions
from tests.support.signing import ed25519


def sessions(chain: KnownChain) -> dict[str, bytes]:
    """Streams under capabilities that run out around the time that counts as now, some of them anchored."""
    found = {}
    for number in range(40):
        wallet, key = Wallet(1 + number % 3), ed25519(5000 + number % 9)
        capability = wallet.grant(key, expires_at=iso(RULES.at // 1000 + (number - 8) * 43_200))
        payload = signing.init_payload(key, None, model=None, controllers=[wallet.did])
        made = [capabilities.under({**payload, "data": number}, key, capability)]
        made.append(capabilities.data(key, capability, made[0], made[0], []))
        if number % 4 == 0:
            made.append(signing.time(made[0], made[0], chain, RULES.at // 1000 - 86_400 * 40))
        found.update({str(each.cid): each.car for each in made})
    return found


@pytest.fixture(scope="module")
def cars(chain: KnownChain) -> dict[str, bytes]:
    # A line whose CID is none tells no event to a source; what stands in it is nothing to ask about.
    made = {cid: car for cid, car in MixedSet(11).cars.items() if not cid.startswith("no CID")}
    return {**corpus.cars(), **made, **sessions(chain)}


@pytest.fixture(scope="module")
def chain() -> KnownChain:
    known, made = corpus.chain(), MixedSet(11).chain
    merged = KnownChain(known.chains | made.keys(), dict(known.transactions))
    merged.transactions.update({(name, key): found for name in made for key, found in made[name].items()})
    return merged


@pytest.fixture(scope="module")
def answers(cars: dict[str, bytes], chain: KnownChain) -> list[Rows]:
    return Answers(read(cars, chain)).all()


@pytest.fixture(scope="module")
def folder(cars: dict[str, bytes], chain: KnownChain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    write_ndjson(folder / "events.ndjson.gz", cars.items())
    listed: dict[str, dict[bytes, Transaction]] = {name: {} for name in chain.chains}
    for (name, key), found in chain.transactions.items():
        listed[name][key] = found
    source, verifier = f"ndjson:{folder / 'events.ndjson.gz'}", Verifier(FileChain(listed))
    run_export(ExportJob(source, folder / "tables", RULES, verifier))
    return folder / "tables"


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.title)
def test_the_answer_is_that_of_the_histories(question: Question, folder: Path, answers: list[Rows]) -> None:
    result = cli.run("query", str(folder), question.sql, "--format", "ndjson")
    assert result.exit_code == 0, result.stderr
    found, wanted = cli.lines(result), answers[question.number - 1]
    assert wanted, "nothing to compare"
    assert len(found) == len(wanted)
    for row, other in zip(found, wanted, strict=True):
        assert row == other


def test_there_are_ten() -> None:
    assert len(questions()) == 10
