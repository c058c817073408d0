"""Incremental export: the next version of the tables from the one before and what came since."""
