"""Settings from a file, the environment and flags; later ones count more."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from ceramic_connectors.config.settings import PREFIX, Program, Setting
from ceramic_connectors.outside import outside
from ceramic_protocol.errors import CeramicError, UsageError
from ceramic_protocol.limits import MAX_CONFIG_BYTES, MAX_QUOTED_CHARS
from ceramic_protocol.plain_text import plain

TOKEN_VARIABLE: Final = PREFIX + "TOKEN"
"""Holds a token for commands that question a node."""

FILE_VARIABLE: Final = PREFIX + "CONFIG"
"""Names the file where no flag does."""

MASKED: Final = "masked:"
"""How a value begins that `--print-config` didn't show."""

_Config = TypeVar("_Config")
# Other programs and orchestrators set variables that begin alike; only these could be slips of ours.
_CLOSE: Final = 0.7

Texts: TypeAlias = str | tuple[str, ...] | None


class Given(NamedTuple):
    """What a setting was given, and where: `default`, `file …`, `environment …` or `flag …`."""

    texts: Texts
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded(Generic[_Config]):
    """A configuration, where each part of it comes from, and what looks like a slip."""

    program: Program[_Config]
    config: _Config
    given: Mapping[str, Given]
    warnings: tuple[str, ...] = ()


def load(
    program: Program[_Config],
    flags: Mapping[str, str | Sequence[str] | None] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    others: Collection[str] = (),
) -> Loaded[_Config]:
    """The configuration; a flag overrides the environment, which overrides the file.

    Args:
        program: whose it is.
        flags: texts by the names of settings; what wasn't given is None or empty.
        environ: the environment.
        file: TOML; by default the one that the environment names, if it does.
        others: variables of the environment that are other programs' of ours, so no slips.

    Raises:
        UsageError: a setting is unknown or missing, makes no sense, or doesn't fit the others.
        OutsideError: the file can't be read.
    """
    environ = environ or {}
    if file is None and environ.get(FILE_VARIABLE):
        file = Path(environ[FILE_VARIABLE]).expanduser()
    given = {setting.name: Given(setting.default, "default") for setting in program.settings}
    given.update(_from_file(program, file) if file is not None else ())
    given.update(_from_environment(program, environ))
    given.update(_from_flags(program, flags or {}))
    values = {setting.name: _value(setting, given[setting.name]) for setting in program.settings}
    config = program.config(**values)
    program.check(config)
    return Loaded(program, config, given, tuple(_slips(program, environ, others)))


def _value(setting: Setting, given: Given) -> Any:
    if setting.is_needed and given.texts is None:
        raise UsageError(f"{setting.flag} (or {setting.variable}) is missing: {setting.help}")
    texts = given.texts if isinstance(given.texts, tuple) else (given.texts,)
    if any(text is not None and text.startswith(MASKED) for text in texts):
        raise UsageError(
            f"{given.origin}: the value was masked when it was printed; write it out or give"
            f" {setting.variable}"
        )
    try:
        return setting.value(given.texts)
    except CeramicError as error:
        raise UsageError(f"{given.origin}: {error}") from None


def _from_flags(
    program: Program[Any], flags: Mapping[str, str | Sequence[str] | None]
) -> Iterator[tuple[str, Given]]:
    for name, texts in flags.items():
        setting = program.by_name[name]
        if texts is None or (setting.is_list and not texts):
            continue
        yield name, Given(texts if isinstance(texts, str) else tuple(texts), f"flag {setting.flag}")


def _from_environment(program: Program[Any], environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    for setting in program.settings:
        text = environ.get(setting.variable)
        if text is None or (not text and not setting.is_list):
            continue
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        yield setting.name, Given(parts if setting.is_list else text, f"environment {setting.variable}")


def _slips(program: Program[Any], environ: Mapping[str, str], others: Collection[str]) -> Iterator[str]:
    known = {setting.name.upper(): setting.variable for setting in program.settings}
    meant = {FILE_VARIABLE, TOKEN_VARIABLE, *known.values(), *others}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in meant:
            close = difflib.get_close_matches(name.removeprefix(PREFIX), known, 1, _CLOSE)
            if close:
                quoted = plain(name, MAX_QUOTED_CHARS)
                yield f"the environment has {quoted}, which means nothing; {known[close[0]]}?"


def _from_file(program: Program[Any], path: Path) -> Iterator[tuple[str, Given]]:
    with outside(f"read {path}"), path.open("rb") as file:
        data = file.read(MAX_CONFIG_BYTES + 1)
    if len(data) > MAX_CONFIG_BYTES:
        raise UsageError(f"{path} has more than {MAX_CONFIG_BYTES:,} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        # Errors of the parser name line and column and, at most, one character.
        raise UsageError(f"{path} is not TOML: {error}") from None
    for name, value in table.items():
        yield name, Given(_texts(program, path, name, value), f"file {path}")


def _texts(program: Program[Any], path: Path, name: str, value: Any) -> Texts:
    setting = program.by_name.get(name)
    quoted = plain(name, MAX_QUOTED_CHARS)
    if setting is None:
        close = difflib.get_close_matches(name, program.by_name, 1)
        raise UsageError(f"{path}: there is no setting {quoted!r}" + (f"; {close[0]}?" if close else ""))
    items = value if isinstance(value, list) else [value]
    if isinstance(value, list) != setting.is_list or not all(
        isinstance(item, str | int | float) for item in items
    ):
        form = "a list of texts" if setting.is_list else "one value"
        raise UsageError(f"{path}: {quoted} has to be {form}")
    texts = tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)
    return texts if setting.is_list else texts[0]
