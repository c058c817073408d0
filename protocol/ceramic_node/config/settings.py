"""What makes a field of the configuration a setting: its kind, default, help, and its names."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ceramic_node.config.kinds import Kind

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
        default: as a text, or texts; None if it needn't be there.
        help: a sentence.
        group: what it belongs to.
        is_list: whether it has any number of values.
    """

    name: str
    kind: Kind[Any]
    default: str | tuple[str, ...] | None
    help: str
    group: str
    is_list: bool

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


@dataclass(frozen=True, slots=True)
class _Definition:
    kind: Kind[Any]
    default: str | tuple[str, ...] | None
    help: str
    group: str
    is_list: bool = False


def one(kind: Kind[_T], default: str, help: str, group: str) -> _T:  # noqa: A002  # what it is
    """A setting that always has a value."""
    return _field(kind.parse(default), _Definition(kind, default, help, group))


def maybe(kind: Kind[_T], help: str, group: str) -> _T | None:  # noqa: A002
    """A setting without a value unless somebody gives one."""
    return _field(None, _Definition(kind, None, help, group))


def some(kind: Kind[_T], default: Sequence[str], help: str, group: str) -> tuple[_T, ...]:  # noqa: A002
    """A setting with any number of values."""
    texts = tuple(default)
    return _field(tuple(map(kind.parse, texts)), _Definition(kind, texts, help, group, is_list=True))


def _field(default: _T, definition: _Definition) -> _T:
    # As for `dataclasses.field`: the type is that of the values, not that of the field.
    return dataclasses.field(default=default, metadata={_KEY: definition})


def settings_of(config: type[Any]) -> tuple[Setting, ...]:
    """All settings of a configuration, in the order of its fields."""
    found = []
    for field in dataclasses.fields(config):
        made: _Definition = field.metadata[_KEY]
        found.append(Setting(field.name, made.kind, made.default, made.help, made.group, made.is_list))
    return tuple(found)
