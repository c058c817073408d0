"""Anchoring: proofs of when events were there, from a chain or through an anchor service.

`AnchorService` batches what stands in a `Book` and has an `Anchorer` anchor it. There are three of those:
`DevAnchorer` for a chain in the process, `EvmAnchorer` for a contract behind JSON-RPC, and `RemoteAnchorer`
for a service that exists already.
"""

from __future__ import annotations

from ceramic_node.anchoring.book import Book
from ceramic_node.anchoring.book_rows import Request, State
from ceramic_node.anchoring.dev import DevAnchorer
from ceramic_node.anchoring.errors import AnchorTroubleError, Trouble
from ceramic_node.anchoring.evm import EvmAnchorer
from ceramic_node.anchoring.ports import Anchored, Anchorer, Leaf, Sink
from ceramic_node.anchoring.remote import RemoteAnchorer
from ceramic_node.anchoring.remote_http import AnchorApi
from ceramic_node.anchoring.remote_requests import node_stream
from ceramic_node.anchoring.service import AnchorService

__all__ = [
    "AnchorApi",
    "AnchorService",
    "AnchorTroubleError",
    "Anchored",
    "Anchorer",
    "Book",
    "DevAnchorer",
    "EvmAnchorer",
    "Leaf",
    "RemoteAnchorer",
    "Request",
    "Sink",
    "State",
    "Trouble",
    "node_stream",
]
