"""`python -m ceramic_pipelines` is the command line."""

from ceramic_pipelines.cli import main

main()
