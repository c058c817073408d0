"""Ready-made jobs and the command line `ceramic-streams`."""
