"""Search for bytes that a target can't cope with: `python -m tests.fuzz NAME --seconds 60`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

import click

from tests.support.vectors import PROJECT

_FOUND, _USAGE = 1, 2
_INSTRUMENTED: Final = ["ceramic_protocol", "ceramic_connectors"]
_HOW_TO_GET: Final = (
    "atheris is not installed. It is there for Python 3.11 to 3.13 on Linux on x86-64: pip install atheris. "
    "Without it, --mutate searches blindly."
)


@click.command()
@click.argument("name", required=False)
@click.option("--seconds", default=60, show_default=True, help="How long to search.")
@click.option("--mutate", is_flag=True, help="Change the seeds at random, without atheris.")
@click.option("--seed", default=1, show_default=True, help="Of the random changes with --mutate.")
def main(name: str | None, seconds: int, mutate: bool, seed: int) -> None:
    """Search in the target NAME; without a name, list the targets.

    What is found is written to build/fuzz, and the exit code is not 0.
    """
    atheris = None if mutate or name is None else _atheris()
    target, seeds = _load(name, atheris)
    if name is None or target is None:
        click.echo("\n".join(seeds), err=name is not None)
        sys.exit(_USAGE if name else 0)
    folder = PROJECT / "build" / "fuzz" / name
    if atheris is None:
        changed = importlib.import_module("tests.fuzz.mutator").variations(seeds[name](), Random(seed))
        sys.exit(_search_blindly(target, changed, folder, seconds))
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds[name]():
        (folder / f"seed-{sha256(data).hexdigest()[:16]}").write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={folder.parent}/{name}-", "-timeout=10"]
    atheris.Setup([name, str(folder), *options], target)
    atheris.Fuzz()


def _atheris() -> Any:
    if importlib.util.find_spec("atheris") is None:
        click.echo(_HOW_TO_GET, err=True)
        sys.exit(_USAGE)
    return importlib.import_module("atheris")


def _load(
    name: str | None, atheris: Any
) -> tuple[Callable[[bytes], None] | None, dict[str, Callable[[], Sequence[bytes]]]]:
    """The target, if there is one of that name, and the seeds of all.

    Nothing of ours is imported before: atheris counts the branches only of what is imported under its eyes.
    """
    watching: AbstractContextManager[Any] = nullcontext()
    if atheris is not None:
        watching = atheris.instrument_imports(include=_INSTRUMENTED)
    with watching:
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
        seeds = importlib.import_module("tests.fuzz.seeds").SEEDS
    return targets.get(name), seeds


def _search_blindly(
    target: Callable[[bytes], None], changed: Iterator[bytes], folder: Path, seconds: int
) -> int:
    end = time.monotonic() + seconds
    for number, data in enumerate(changed, 1):
        try:
            target(data)
        except Exception:  # noqa: BLE001  whatever it raises is what is looked for
            found = folder.parent / f"{folder.name}-crash-{sha256(data).hexdigest()[:16]}"
            found.parent.mkdir(parents=True, exist_ok=True)
            found.write_bytes(data)
            click.echo(f"{traceback.format_exc()}\n{data!r}\nwritten to {found}", err=True)
            return _FOUND
        if time.monotonic() > end:
            click.echo(f"{number:,} changed seeds, nothing found")
            break
    return 0


if __name__ == "__main__":
    main()
