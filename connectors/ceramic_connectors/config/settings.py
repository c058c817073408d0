"""What makes a field of the configuration a setting: its kind, default, help, and its names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast

from ceramic_connectors.config.kinds import Kind

PREFIX: Final = "CERAMIC_STREAMS_"
"""How names of settings begin in the environment."""

_T = TypeVar("_T")
_KEY: Final = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: in files; the field's.
        kind: of its value, or of each of its values.
        default: as a text, or texts; None if there is none.
        help: a sentence.
        group: what it belongs to.
        is_list: whether it has any number of values.
        is_needed: whether somebody has to give it.
    """

    name: str
    kind: Kind[Any]
    default: str | tuple[str, ...] | None
    help: str
    group: str
    is_list: bool
    is_needed: bool

    @property
    def flag(self) -> str:
        """On the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """In the environment."""
        return PREFIX + self.name.upper()

    def value(self, text: str | tuple[str, ...] | None) -> Any:
        """The value that a text, or texts, stand for.

        Raises:
            CeramicError: they stand for none.
        """
        if text is None:
            return None
        if isinstance(text, tuple):
            return tuple(map(self.kind.parse, text))
        return self.kind.parse(text)


@dataclass(frozen=True)
class Program(Generic[_T]):
    """A program that has a configuration.

    Attributes:
        command: starts it, without the name of the command line: `node run`.
        config: a dataclass whose fields are all settings.
        check: refuses a configuration that would be unsafe or can't work, with `UsageError`.
    """

    command: str
    config: type[_T]
    check: Callable[[_T], None]

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """All settings, in the order of the fields."""
        return tuple(map(_setting, dataclasses.fields(cast("Any", self.config))))

    @cached_property
    def by_name(self) -> dict[str, Setting]:
        """The settings by their names."""
        return {setting.name: setting for setting in self.settings}


@dataclass(frozen=True, slots=True)
class _Definition:
    kind: Kind[Any]
    default: str | tuple[str, ...] | None
    help: str
    group: str
    is_list: bool = False
    is_needed: bool = False


def needed(kind: Kind[_T], help: str, group: str) -> _T:  # noqa: A002  # what it is
    """A setting that somebody has to give; such fields come before those with a default."""
    definition = _Definition(kind, None, help, group, is_needed=True)
    return cast("_T", dataclasses.field(metadata={_KEY: definition}))


def one(kind: Kind[_T], default: str, help: str, group: str) -> _T:  # noqa: A002
    """A setting that always has a value."""
    return _field(kind.parse(default), _Definition(kind, default, help, group))


def maybe(kind: Kind[_T], help: str, group: str) -> _T | None:  # noqa: A002
    """A setting without a value unless somebody gives one."""
    return _field(None, _Definition(kind, None, help, group))


def some(kind: Kind[_T], default: Sequence[str], help: str, group: str) -> tuple[_T, ...]:  # noqa: A002
    """A setting with any number of values."""
    texts = tuple(default)
    return _field(tuple(map(kind.parse, texts)), _Definition(kind, texts, help, group, is_list=True))


def as_in(config: type[Any], name: str) -> Any:
    """The setting of that name of another configuration, for this one as well."""
    (found,) = (field for field in dataclasses.fields(config) if field.name == name)
    return dataclasses.field(default=found.default, metadata=found.metadata)


def _field(default: _T, definition: _Definition) -> _T:
    # As for `dataclasses.field`: the type is that of the values, not that of the field.
    return dataclasses.field(default=default, metadata={_KEY: definition})


def _setting(field: dataclasses.Field[Any]) -> Setting:
    made: _Definition = field.metadata[_KEY]
    return Setting(field.name, made.kind, made.default, made.help, made.group, made.is_list, made.is_needed)
