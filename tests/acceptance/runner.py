"""Finds the acceptance points, runs them and says how each went."""

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

OK, FAILED, UNKNOWN = 0, 1, 2
_NOT_SUBJECTS = ("__main__", "conftest", "runner", "suites")


@dataclass(frozen=True, slots=True)
class Point:
    """One promise: `run` returns the figure that shows it kept, or raises."""

    name: str
    run: Callable[[], str]


Subjects = Mapping[str, Sequence[Point]]


def discover(package: str) -> dict[str, list[Point]]:
    """Reads `POINTS` of every subject in a package; one that can't be read becomes a point that fails."""
    folder = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(folder))
    return {name: _load(package, name) for name in names if _is_subject(name)}


def run(names: Sequence[str], subjects: Subjects) -> int:
    """Runs the named subjects or points, or all, one line each; returns the exit code."""
    available = {f"{subject}.{n}": p for subject, points in subjects.items() for n, p in enumerate(points, 1)}
    unknown = [name for name in names if name not in subjects and name not in available]
    if unknown or not available:
        problem = f"unknown: {', '.join(unknown)}; there are" if available else "there are no points yet"
        print(f"error: {problem}", *_listing(available), sep="\n", file=sys.stderr)
        return UNKNOWN
    chosen = [i for i in available if not names or i in names or i.rpartition(".")[0] in names]
    results = [_check(identifier, available[identifier]) for identifier in chosen]
    return OK if all(results) else FAILED


def _is_subject(name: str) -> bool:
    return name not in _NOT_SUBJECTS and not name.startswith(("_", "test_"))


def _load(package: str, name: str) -> list[Point]:
    try:
        points: list[Point] = importlib.import_module(f"{package}.{name}").POINTS
    except Exception as error:  # noqa: BLE001  one broken subject must not hide the others
        return [Point("can be read", _raising(error))]
    return points or [Point("can be read", _raising(ValueError("POINTS is empty")))]


def _raising(error: Exception) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


def _listing(available: Mapping[str, Point]) -> list[str]:
    return [f"  {identifier}  {point.name}" for identifier, point in available.items()]


def _check(identifier: str, point: Point) -> bool:
    try:
        figure = point.run()
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a point raises is its failure
        traceback.print_exc()
        print(f"{identifier}  FAIL  {point.name} — {_first_line(error)}", flush=True)
        return False
    print(f"{identifier}  PASS  {point.name} — {figure}", flush=True)
    return True


def _first_line(error: BaseException) -> str:
    """The message's first line or, for a bare assert, the line of code that raised."""
    kind = type(error).__name__
    message = str(error).strip()
    if message:
        return message.splitlines()[0]
    frames = traceback.extract_tb(error.__traceback__)
    return f"{kind}: {frames[-1].line}" if frames else kind
