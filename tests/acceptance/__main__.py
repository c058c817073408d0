"""Command line of the acceptance harness; see the package's docstring."""

import sys

from ceramic_pipelines.quiet import quiet_beam
from tests.acceptance.runner import discover, run

if __name__ == "__main__":
    quiet_beam()
    sys.exit(run(sys.argv[1:], discover("tests.acceptance")))
