"""Finding an application's reducer by name."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import entry_points
from typing import Final, cast

from ceramic_protocol.errors import UsageError
from ceramic_protocol.reducers import Reducer

GROUP: Final = "ceramic_streams.reducers"
"""Entry point group in which packages register reducers."""

_METHODS: Final = ("handles", "initial", "apply")


def find_reducer(name: str) -> Reducer:
    """The reducer registered under a name, or the one at `module:attribute`.

    A class is called without arguments.

    Raises:
        UsageError: there is no such reducer, or it lacks a method.
    """
    found = _load_attribute(name) if ":" in name else _load_entry_point(name)
    reducer = found() if isinstance(found, type) else found
    missing = [method for method in _METHODS if not callable(getattr(reducer, method, None))]
    if missing:
        msg = f"{name} is no reducer: it has no {' and no '.join(missing)}"
        raise UsageError(msg)
    return cast("Reducer", reducer)


def _load_attribute(name: str) -> object:
    module, _, attribute = name.partition(":")
    # As `python -m` would: an application's own modules are where it is run.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"there is no reducer {name}: {error}"
        raise UsageError(msg) from error


def _load_entry_point(name: str) -> object:
    registered = {point.name: point for point in entry_points(group=GROUP)}
    if name not in registered:
        known = ", ".join(sorted(registered)) or "none is installed"
        msg = f"there is no reducer {name!r} ({known}); name one as module:attribute"
        raise UsageError(msg)
    return registered[name].load()
