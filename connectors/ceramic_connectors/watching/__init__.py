"""The log of a program that runs for long, without secrets."""
