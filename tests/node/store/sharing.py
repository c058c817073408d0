"""Events under a capability that they have in common, for stores: nobody has signed them."""

from __future__ import annotations

from ceramic_protocol import car, dagcbor
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import NewEvent


def under(stream: NewEvent, prev: NewEvent, name: object, capability: str = "one") -> NewEvent:
    """A data event under the capability of that name."""
    block = dagcbor.encode({"capability": capability * 200})
    payload = dagcbor.encode({"id": stream.checked.cid, "prev": prev.checked.cid, "data": name})
    cid, allowed = Cid.of(payload), Cid.of(block)
    grant = Grant(f"did:pkh:eip155:1:{capability}", ("ceramic://*",), 1, None, "eip191")
    report = CheckedEvent(cid, stream.checked.cid, Kind.DATA, prev.checked.cid, payload, "did:key:session")
    blocks = ((allowed, block), (cid, payload))
    return NewEvent(car.encode((cid,), blocks), report._replace(capability=allowed, grant=grant))
