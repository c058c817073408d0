"""Kafka's own broker and Connect worker and Apicurio's registry, on free loopback ports of this machine.

`make services` starts them for a developer, `tests.support.services` for a run of the tests. Maven fetches
them once (`jars`); Java 17 runs them.
"""
