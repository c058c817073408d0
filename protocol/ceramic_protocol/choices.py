"""Why a stream has the log it has: every fork with its branches, and what made one of them win.

The decisions are those of `branches.BranchTree` itself, which tells of each. Nothing is decided here a second
time, so an explanation can't differ from the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ceramic_protocol.branches import BranchTree, Fork
from ceramic_protocol.causes import Cause, deciding, sentence
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.resolve import Branch, TieBreak
from ceramic_protocol.tree import children_of

_THIS: Final = "this one"
_NEXT: Final = "the next best"


class Way(NamedTuple):
    """One branch of a fork: the event it begins with, and what it is compared by.

    `lost_by` is what the winner has over it, and `sentence` says so with figures; both are None for the
    winner.
    """

    first: Cid
    branch: Branch
    lost_by: Cause | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision at an event on which several others build.

    `ways` are the branches of valid events, the winner first and the others in the order in which they would
    have been chosen; `excluded` are the other events at that place, which are rejected or pending. `cause` is
    what decided between the winner and the next best, and `sentence` says so with figures.
    """

    at: Cid
    ways: tuple[Way, ...]
    excluded: tuple[Cid, ...]
    cause: Cause
    sentence: str

    @property
    def winner(self) -> Way:
        """The branch that was chosen."""
        return self.ways[0]


@dataclass(frozen=True, slots=True)
class StreamTree:
    """All events of a stream as a tree, with the decision at every fork.

    `children` has the events that build on an event: the winner first, then other valid ones by preference,
    then those that are rejected or pending, by CID; a leaf is absent. `roots` are the init event, if it is
    at hand, and the events whose prev is not. `choices` is keyed by the event at which a fork is.
    """

    history: StreamHistory
    tie_break: TieBreak
    choices: Mapping[Cid, Choice] = field(repr=False)
    children: Mapping[Cid, tuple[Cid, ...]] = field(repr=False)
    roots: tuple[Cid, ...]


def stream_tree(history: StreamHistory, tie_break: TieBreak = TieBreak.JS) -> StreamTree:
    """The tree of a stream's events, with the reason of every choice.

    Args:
        history: the stream.
        tie_break: the one by which it was resolved.

    Raises:
        UsageError: the stream was resolved by another tie-break.
    """
    judged = history.judged
    choices: dict[Cid, Choice] = {}
    children: dict[Cid, tuple[Cid, ...]] = {}
    tree = _valid_tree(history, tie_break)
    for cid, following in children_of({cid: item.event for cid, item in judged.items()}).items():
        if cid not in judged:
            continue
        excluded = tuple(child for child in following if judged[child].reason is not None)
        fork = tree.fork(cid) if cid in tree and len(following) > 1 else None
        if fork is not None:
            choices[cid] = _choice(fork, excluded, tie_break)
            children[cid] = (*(way.first for way in choices[cid].ways), *excluded)
        else:
            children[cid] = tuple(following)
    strays = sorted(cid for cid, item in judged.items() if item.event.prev and item.event.prev not in judged)
    init = (history.stream,) if history.stream in judged else ()
    return StreamTree(history, tie_break, choices, children, (*init, *strays))


def _valid_tree(history: StreamHistory, tie_break: TieBreak) -> BranchTree:
    valid = (item for item in history.judged.values() if item.reason is None and item.height is not None)
    tree = BranchTree(tie_break)
    for item in sorted(valid, key=lambda item: (item.height or 0, item.event.cid)):
        tree.add(item.event.cid, item.event.prev, item.event.timestamp)
    if tree.tip != history.tip:
        msg = f"stream {history.stream_id} was resolved by another tie-break than {tie_break.value}"
        raise UsageError(msg)
    return tree


def _choice(fork: Fork, excluded: tuple[Cid, ...], tie_break: TieBreak) -> Choice:
    order = sorted(range(len(fork.keys)), key=fork.keys.__getitem__)
    # The winner is the resolver's, whatever the order of the keys says.
    order.remove(fork.winner)
    winner = Way(fork.children[fork.winner], fork.branches[fork.winner])
    ways = [winner, *(_loser(fork, place, tie_break) for place in order)]
    if not order:
        words = f"only one of the {len(excluded) + 1} branches here is valid"
        return Choice(fork.at, (winner,), excluded, Cause.ONLY_BRANCH, words)
    cause = deciding(fork.keys[fork.winner], fork.keys[order[0]])
    words = sentence(cause, winner.branch, fork.branches[order[0]], tie_break, _NEXT)
    return Choice(fork.at, tuple(ways), excluded, cause, words)


def _loser(fork: Fork, place: int, tie_break: TieBreak) -> Way:
    cause = deciding(fork.keys[fork.winner], fork.keys[place])
    branch = fork.branches[place]
    words = sentence(cause, fork.branches[fork.winner], branch, tie_break, _THIS)
    return Way(fork.children[place], branch, cause, words)


def replay(tree: StreamTree) -> tuple[Cid, ...]:
    """The log to which the choices lead, from the init event on; empty if that is not valid."""
    return tuple(_follow(tree, tree.roots[:1])) if tree.history.log else ()


def _follow(tree: StreamTree, ways: Sequence[Cid]) -> list[Cid]:
    judged, log = tree.history.judged, list[Cid]()
    while ways and judged[ways[0]].reason is None:
        log.append(ways[0])
        choice = tree.choices.get(log[-1])
        ways = tree.children.get(log[-1], ()) if choice is None else (choice.winner.first,)
    return log
