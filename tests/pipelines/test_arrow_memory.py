"""Which allocator Arrow uses in jobs, and in the processes that they start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
USE = "from ceramic_pipelines.arrow_memory import use_system_memory; use_system_memory()"
BELOW = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ASK!r}], check=True)"


@pytest.mark.parametrize(("said", "expected"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_the_allocator_of_a_job_and_its_workers(said: str | None, expected: str) -> None:
    settings = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    if said is not None:
        settings["ARROW_DEFAULT_MEMORY_POOL"] = said
    command = [sys.executable, "-c", f"{USE}; {ASK}; sys = __import__('sys'); sys.stdout.flush(); {BELOW}"]
    done = subprocess.run(command, capture_output=True, check=True, env=settings, text=True)
    assert done.stdout.split() == [expected, expected]
