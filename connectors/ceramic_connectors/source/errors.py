"""What goes wrong between a source and its node: stable codes, what it is, and the way out."""

from __future__ import annotations

from ceramic_protocol.errors import CeramicError, OutsideError, UsageError


class NodeUnreachableError(OutsideError):
    """The node can't be reached, or can't answer just now; asking again later may help."""

    code = "node_unreachable"


class NodeRefusedError(OutsideError):
    """The node doesn't do what was asked: no token, no permission, a wrong parameter."""

    code = "node_refused"


class ForeignPositionError(CeramicError):
    """A position isn't one of this node's store: another node, or one that was set up or restored anew."""

    code = "position_foreign"


class PositionError(UsageError):
    """What is kept as the position of a source makes no sense, or doesn't fit what it is told to do."""

    code = "position_unfit"
