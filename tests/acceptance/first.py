"""The first whole: real signed events in, verified and resolved Parquet out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.acceptance.runner import Point
from tests.support.cli import check_corpus
from tests.support.consensus import check_fuzz_trees, check_scenarios
from tests.support.export import check_order_independence
from tests.support.vectors import PROJECT

_ORDERS = 20
_SEED = 1
_EXPORT_ORDERS = 9
_PROPERTY_TESTS = (
    "tests/protocol/test_events.py",
    "tests/protocol/test_dagcbor.py",
    "tests/protocol/test_car.py",
)


def _clean_clone() -> str:
    """Make demo and make test in a clone, with nothing of this environment but the path to the tools."""
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-clone-") as folder:
        clone = Path(folder) / "ceramic-streams"
        _run(["git", "clone", "--quiet", str(PROJECT), str(clone)], PROJECT)
        python = f"PYTHON={sys.base_prefix}/bin/python3"
        demo = _run(["make", "demo", python], clone)
        assert "events read" in demo, demo
        assert "The tables are in" in demo, demo
        tested = _run(["make", "test", python], clone)
        closing = re.findall(r"\d+ passed.*", tested)
        assert closing, tested[-2000:]
        return f"demo shows its tables; test: {closing[-1].strip('= ')}"


def _run(command: list[str], folder: Path) -> str:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "CI") or name.startswith("PIP_")
    }
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[:2])}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def _consensus() -> str:
    found = {"scenarios": check_scenarios(_ORDERS, _SEED), "fuzz trees": check_fuzz_trees(_ORDERS, _SEED)}
    for result in found.values():
        result.raise_if_wrong()
    return "; ".join(
        f"{result.cases} {name}, {result.resolutions} resolutions, none wrong"
        for name, result in found.items()
    )


def _properties() -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_PROPERTY_TESTS]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "thorough"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-order-") as folder:
        orders = check_order_independence(Path(folder), _EXPORT_ORDERS, _SEED)
    return f"any bytes: {done.stdout.strip().splitlines()[-1]}; export: {orders}"


def _speed() -> str:
    import bench

    return "; ".join(figure.sentence for figure in bench.run())


POINTS = [
    Point("make demo and make test in a clean clone", _clean_clone),
    Point("every comparable verdict, tip and content of the sample", check_corpus),
    Point("every scenario and fuzz tree in 20 random orders", _consensus),
    Point("any bytes give an event or InvalidEvent; order changes no export", _properties),
    Point("speed of each step beside the bare signature check", _speed),
]
