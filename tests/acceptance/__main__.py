"""Command line of the acceptance harness; see the package's docstring."""

import sys

from tests.acceptance.runner import discover, run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], discover("tests.acceptance")))
