"""Text from outside, made fit to be shown."""

from __future__ import annotations


def plain(text: str, limit: int | None = None) -> str:
    """One line of printable characters, at most `limit` of them if there is a limit.

    What a terminal or a page would obey and not show (escape sequences, line ends, marks that turn the
    direction of writing, halves of pairs) is written as in a Python literal.
    """
    cut = text if limit is None else text[: limit + 1]
    if not cut.isprintable():
        cut = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut
        )
    return cut if limit is None or len(cut) <= limit else cut[: limit - 1] + "…"
