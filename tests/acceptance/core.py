"""The hard core: strict, fast, byte-compatible both ways."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.acceptance.runner import Point
from tests.acceptance.suites import closing_line, run_tests
from tests.support.large import MEGA, check_large
from tests.support.mutation import check_mutations

_MUTATIONS = 100_000
_SEED = 1
_LARGE = 1000 * MEGA
_THOROUGH = (
    "tests/protocol/test_dagcbor.py",
    "tests/protocol/test_dagcbor_lenient.py",
    "tests/protocol/test_convert.py",
    "tests/protocol/test_builder.py",
    "tests/protocol/test_ids.py",
    "tests/protocol/test_event_ids.py",
    "tests/protocol/test_interests.py",
)

_WHOLE_RATIO = 1.5
_PEER_RATIO = 10
_THREADS_RATIO = 1.6
_BATCH_PER_BARE = 28_000 / 23_000
_STRUCTURE_MICROS = 15.0
_BUILD_MICROS = 40.0


def _conformance() -> str:
    printed = run_tests("tests/conformance", "--ignore=tests/conformance/test_wycheproof.py")
    files = re.findall(r"^\S+\.json: (\d+) run", printed, re.MULTILINE)
    left = sum(map(int, re.findall(r"(\d+) left for", printed)))
    assert files, printed[-2000:]
    cases = sum(map(int, files))
    return f"{cases} cases of {len(files)} files run, {left} left for later subjects; {closing_line(printed)}"


def _interop() -> str:
    return closing_line(run_tests("tests/interop"))


def _fuzz() -> str:
    thorough = closing_line(run_tests(*_THOROUGH, profile="thorough"))
    targets = closing_line(run_tests("tests/fuzz"))
    return f"hypothesis: {thorough}; fuzz targets: {targets}; {check_mutations(_MUTATIONS, _SEED)}"


def _wycheproof() -> str:
    return closing_line(run_tests("tests/conformance/test_wycheproof.py"))


def _speed() -> str:
    import bench

    figures = {figure.name: figure for figure in bench.run(["verify", "batch", "build"])}
    whole, peer = figures["whole verify, Ed25519"], figures["the same with dag-cbor + multiformats"]
    threads, batch = (
        figures["verify a batch, two threads for one"],
        figures["verify a batch, two threads at all"],
    )
    structure, build = figures["split, hash and decode, Ed25519"], figures["sign and encode, EdDSA"]
    judged = [
        (whole, whole.ratio, "≤", _WHOLE_RATIO),
        (peer, peer.ratio, "≥", _PEER_RATIO),
        (threads, threads.ratio, "≥", _THREADS_RATIO),
        (batch, batch.ratio, "≥", round(_BATCH_PER_BARE, 3)),
        (structure, structure.value, "≤", _STRUCTURE_MICROS),
        (build, build.value, "≤", _BUILD_MICROS),
    ]
    said = [f"{figure.sentence} [{value:.3g} {sign} {limit:g}]" for figure, value, sign, limit in judged]
    others = [figures[f"whole verify, {kind}"].sentence for kind in ("p256", "secp256k1")]
    wrong = [
        text
        for text, (_figure, value, sign, limit) in zip(said, judged, strict=True)
        if (value > limit if sign == "≤" else value < limit)
    ]
    assert not wrong, f"missed: {'; '.join(wrong)} — all: {'; '.join(said)}"
    return "; ".join([*said, *others])


def _large() -> str:
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-large-") as folder:
        return check_large(Path(folder), _LARGE)


POINTS = [
    Point("every vector of this subject, decode and encode", _conformance),
    Point("events built here pass the real packages, theirs pass here", _interop),
    Point("properties, fuzz targets, 100,000 mutated events", _fuzz),
    Point("Project Wycheproof's signatures", _wycheproof),
    Point("speed beside the bare signature check", _speed),
    Point("verify and export 1 GB in constant memory", _large),
]
