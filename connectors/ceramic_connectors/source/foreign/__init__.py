"""A source that reads a ceramic-one, the reference node in Rust, and verifies by itself what that says.

Its HTTP API is described in api.md 1 and 6: it tells positions page by page, and may give out numbers that
no event has got yet a second time after it was started again.
"""
