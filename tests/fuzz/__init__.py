"""Bytes that nobody means to send: one target for each decoder that sees bytes from outside.

The tests run each target over its seeds and a few seeded random changes of them. `python -m tests.fuzz NAME`
searches for longer, led by coverage where atheris is installed; a target fails by raising.
"""
