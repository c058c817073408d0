"""The main job as a script for Beam's users: its settings and Beam's are options of one command line.

    python -m ceramic_pipelines.beam_export --source car:archive.car --output tables --runner FnApiRunner

It is the job of `ceramic-streams export`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ceramic_pipelines.beam_options import job_of
from ceramic_pipelines.cli.exit_codes import exit_code
from ceramic_pipelines.export import run_export
from ceramic_protocol.errors import CeramicError


def main(arguments: Sequence[str]) -> int:
    """Run the job and say what it found; gives the exit code."""
    try:
        summary = run_export(job_of(arguments))
    except CeramicError as error:
        sys.stderr.write(f"error: {error}\n")
        return exit_code(error)
    sys.stdout.write("".join(f"{line}\n" for line in summary.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
