"""Accounts: who may write, proven."""

from __future__ import annotations

from collections import Counter
from typing import Final

from ceramic_protocol.profiles.profile import Profile
from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support.capability_mutation import check_capability_mutations
from tests.support.cli import check_corpus

_MUTATIONS: Final = 100_000
_SEED: Final = 1
_RATIO: Final = 1.2
_VECTORS: Final = (
    "tests/conformance/test_accounts.py",
    "tests/conformance/test_cacao.py",
    "tests/conformance/test_dids.py",
    "tests/conformance/test_reference_capabilities.py",
    "tests/conformance/test_probe_signatures.py",
)


def _vectors() -> str:
    from tests.conformance.test_accounts import ASKED, NOT_REPRODUCED

    tested = closing_line(run_tests(*_VECTORS))
    asked = Counter(profile for profile, _name in ASKED)
    listed = Counter(profile for profile, _name in NOT_REPRODUCED)
    columns = "; ".join(
        f"{profile.value}: {asked[profile] - listed[profile]} of {asked[profile]} as the column has it"
        for profile in Profile
    )
    causes = "; ".join(f"{profile.value}, {name}: {why}" for (profile, name), why in NOT_REPRODUCED.items())
    return f"{columns}; {tested}; not reproduced: {causes}"


def _interop() -> str:
    return closing_line(run_tests("tests/interop", "-k", "session or capabilit"))


def _codes() -> str:
    cheats = closing_line(run_tests("tests/conformance/test_accounts.py", "-k", "reason"))
    writers = closing_line(run_tests("tests/protocol/test_writers.py"))
    pages = closing_line(run_tests("tests/test_docs.py", "tests/protocol/test_reasons.py"))
    return f"codes of the negative cases: {cheats}; ways to cheat: {writers}; generated page: {pages}"


def _fuzz() -> str:
    targets = closing_line(run_tests("tests/fuzz"))
    return f"fuzz targets: {targets}; {check_capability_mutations(_MUTATIONS, _SEED)}"


def _speed() -> str:
    import bench

    figures = bench.run(["accounts"])
    judged = [figure for figure in figures if figure.name.startswith("verify under capabilities")]
    assert judged, [figure.name for figure in figures]
    said = "; ".join(figure.sentence for figure in figures)
    slow = [figure.name for figure in judged if figure.ratio > _RATIO]
    assert not slow, f"over {_RATIO}: {slow} — all: {said}"
    return f"{said} [≤ {_RATIO}]"


POINTS = [
    Point("every vector on accounts in all three profiles", _vectors),
    Point("the sample, capabilities included", check_corpus),
    Point("sessions made here pass the real dids, theirs pass here", _interop),
    Point("every way to cheat has the code of its cause", _codes),
    Point("fuzz targets, 100,000 mutated capability events", _fuzz),
    Point("20,000 events under 200 capabilities beside as many without", _speed),
]
