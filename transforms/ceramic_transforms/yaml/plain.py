"""Transforms whose parameters are plain values already."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import UnionType
from typing import Any, Union, get_args, get_type_hints

import apache_beam as beam


def plain(transform: type[Any]) -> Callable[..., beam.PTransform[Any, Any]]:
    """A transform's class as a function, so that Beam finds the types of its parameters.

    Beam makes the schema of a transform's configuration of its signature and docstring, and reads no
    annotations that are text.
    """
    hints = {name: _as_beam_knows(hint) for name, hint in get_type_hints(transform.__init__).items()}
    takes_any = transform.__init__ is not beam.PTransform.__init__
    given = inspect.signature(transform).parameters.values() if takes_any else ()

    @wraps(transform, updated=())
    def made(*args: Any, **config: Any) -> beam.PTransform[Any, Any]:
        return transform(*args, **config)

    made.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # where inspect looks first
        [each.replace(annotation=hints[each.name]) for each in given]
    )
    return made


def _as_beam_knows(hint: Any) -> Any:
    """Of unions it knows those of `typing` alone."""
    return Union[get_args(hint)] if isinstance(hint, UnionType) else hint  # noqa: UP007
