"""Acceptance points: what the project promises, each with a check and a figure.

Run `python -m tests.acceptance [SUBJECT|SUBJECT.NUMBER ...]`, or `make acceptance`.
A subject is a module of this package with `POINTS: list[Point]`; its points are numbered from 1.
"""
