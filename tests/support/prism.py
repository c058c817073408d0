"""Beam's local runner Prism, for tests that run on it."""

from __future__ import annotations

import os
import shutil
from functools import cache

import pytest

from infra.services.prism import LOCATION, prism
from tests.support.services import telling


@cache
def prism_options() -> tuple[str, ...]:
    """The options for Beam with which a pipeline runs on it.

    Skips where there is neither a binary nor Go, which builds one. Where Go can't, that is a failure with
    CI=true, else a skip.
    """
    if LOCATION not in os.environ and shutil.which("go") is None:
        pytest.skip(f"no Prism: install Go, which builds it, or name a binary in {LOCATION}")
    with telling():
        return ("--runner=PrismRunner", f"--prism_location={prism()}")
