"""Publishing that is killed: readers see whole versions, and the next run completes it."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from pathlib import Path
from typing import Final

from tests.support.crashing_publish import points, publish
from tests.support.published import Place, assert_same_rows, comparable, exported

_SECONDS: Final = 120
_PROCESSES: Final = multiprocessing.get_context("forkserver")
_RANDOM_KILLS: Final = 3


def kill(place: Place, folder: Path, point: str | None, hit: int, seconds: float) -> bool:
    """Publish and kill it; False if it was done before that."""
    process = _PROCESSES.Process(target=publish, args=(place, folder, point, hit))
    process.start()
    if point is None:
        process.join(seconds)
        process.kill()
    process.join(_SECONDS)
    assert process.exitcode in {-signal.SIGKILL, 0}, process.exitcode
    return process.exitcode == -signal.SIGKILL


def look(place: Place, wanted: list[dict[str, list[str]]]) -> None:
    """Each table has the rows of the version that it says."""
    held = place.held()
    for name, (version, found) in held.items():
        assert comparable(found) == (wanted[version - 1][name] if version else []), name
    if not place.target.startswith("iceberg:"):
        assert len({version for version, _ in held.values()}) <= 1


def test_killed_anywhere(mixed: list[Path], place: Place) -> None:
    _PROCESSES.set_forkserver_preload(["tests.support.crashing_publish"])
    wanted = [{name: comparable(table) for name, table in exported(version).items()} for version in mixed]
    chance, seconds, killed = random.Random(5), 1.0, set[str | None]()
    for number, version in enumerate(mixed):
        named: list[str | None] = [point for point in points(place) if number == 0 or "made" not in point]
        for point in [*named, *([None] * _RANDOM_KILLS)]:
            hit = 0 if point == "tables made" else chance.randint(0, 1)
            if kill(place, version, point, hit, chance.uniform(0, seconds)):
                killed.add(point)
            look(place, wanted)
        started = time.monotonic()
        place.publish(version)
        seconds = 1.5 * (time.monotonic() - started)
        assert_same_rows(place.rows(), exported(version))
        assert place.publish(version) == []
    assert killed >= set(points(place))
