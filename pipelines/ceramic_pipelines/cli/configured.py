"""Options of commands, made from the settings of a program's configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from ceramic_connectors.config import Program, Setting, load

_Command = TypeVar("_Command", bound=Callable[..., Any])

_VARIABLES: Final[set[str]] = set()
"""Of all programs that have commands: one's are no slips of another's."""


def configured(program: Program[Any], names: Collection[str] | None = None) -> Callable[[_Command], _Command]:
    """Add --config and an option for each setting, or for some; the command gets them as one `loaded`."""
    _VARIABLES.update(setting.variable for setting in program.settings)

    def add(command: _Command) -> _Command:
        @wraps(command)
        def with_config(*args: Any, config_file: Path | None, **others: Any) -> Any:
            flags = {setting.name: _text(others.pop(setting.name, None)) for setting in program.settings}
            loaded = load(program, flags, os.environ, config_file, _VARIABLES)
            return command(*args, loaded=loaded, **others)

        wrapped: Any = with_config
        for setting in reversed(program.settings):
            if names is None or setting.name in names:
                wrapped = _option(setting)(wrapped)
        wrapped = click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path),
            help="TOML file with any of these settings, by their names with _ for -.  [default: that of"
            " CERAMIC_STREAMS_CONFIG]",
        )(wrapped)
        return cast("_Command", wrapped)

    return add


def _option(setting: Setting) -> Callable[[Any], Any]:
    # Texts, not values: what a setting means is decided where files and the environment are read, too.
    if setting.kind.word == "true|false":
        return click.option(
            f"{setting.flag}/--no-{setting.flag[2:]}", setting.name, default=None, help=_help(setting)
        )
    return click.option(
        setting.flag,
        setting.name,
        multiple=setting.is_list,
        metavar=setting.kind.word,
        help=_help(setting) + ("  May be repeated." if setting.is_list else ""),
    )


def _help(setting: Setting) -> str:
    if setting.is_needed:
        return f"{setting.help}  [required]"
    if setting.default in {None, ()}:
        return setting.help
    default = ", ".join(setting.default) if isinstance(setting.default, tuple) else setting.default
    return f"{setting.help}  [default: {default}]"


def _text(given: Any) -> Any:
    return str(given).lower() if isinstance(given, bool) else given
