"""Text from outside, made fit to be shown."""

from __future__ import annotations


def plain(text: str, limit: int) -> str:
    """One line of printable characters, at most `limit` of them.

    What a terminal or a page would obey and not show (escape sequences, line ends, marks that turn the
    direction of writing, halves of pairs) is written as in a Python literal.
    """
    cut = text[: limit + 1]
    if not cut.isprintable():
        cut = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut
        )
    return cut if len(cut) <= limit else cut[: limit - 1] + "…"
