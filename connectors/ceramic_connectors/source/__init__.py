"""The Kafka source: a node's events and states as records in topics.

`config` says how it runs, `checking` whether everything it needs is there, `run.Source` runs it.
"""
