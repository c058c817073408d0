"""A program with a configuration, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ceramic_connectors.config import Loaded, Program, load, maybe, needed, one, some
from ceramic_connectors.config import kinds as k
from ceramic_protocol.errors import UsageError


@dataclass(frozen=True, slots=True)
class Bakery:
    oven: str = needed(k.TEXT, "Name of the oven.", "Oven")
    heat: int = one(k.whole(0, 400), "180", "Degrees.", "Oven")
    rest: float = one(k.seconds(0, 60), "1.5", "Seconds.", "Oven")
    bread: tuple[str, ...] = some(k.TEXT, ("rye", "wheat"), "What is baked.", "Bread")
    recipe: str | None = maybe(k.ENDPOINT, "Where the recipe is.", "Bread")
    kept: int | None = one(k.RETENTION, "forever", "How long bread is kept.", "Bread")
    is_open: bool = one(k.TRUTH, "false", "Whether it is sold.", "Shop")
    stock: int = one(k.SIZE, "1KiB", "Flour.", "Shop")


def check(bakery: Bakery) -> None:
    if bakery.is_open and not bakery.bread:
        raise UsageError("--is-open needs --bread")


BAKERY = Program("bakery run", Bakery, check)


def loaded(
    flags: Mapping[str, str | Sequence[str] | None] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    others: Sequence[str] = (),
) -> Loaded[Bakery]:
    """The configuration of one whose oven has a name."""
    given = dict(flags or {})
    if not any("oven" in each.lower() for each in environ or {}) and file is None:
        given.setdefault("oven", "big")
    return load(BAKERY, given, environ, file, others)
