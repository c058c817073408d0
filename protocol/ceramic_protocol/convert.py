"""The edges to `multiformats` and `dag_cbor`, for callers who hold their CIDs and values.

Nothing else here imports those libraries: to read a CID takes theirs hundreds of times as long as ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from dag_cbor import IPLDKind
from multiformats import CID

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import EncodeError, IdentifierError
from ceramic_protocol.limits import MAX_CBOR_DEPTH

_Link: TypeAlias = Callable[[Cid | CID], Cid | CID]


def to_multiformats(cid: Cid) -> CID:
    """The same CID in `multiformats`, in the base of its usual text.

    Raises:
        IdentifierError: `multiformats` doesn't know its codec or hash, such as the metamodel's.
    """
    try:
        found = CID.decode(bytes(cid))
        return found if found.version == 0 else found.set(base="base32")
    except (KeyError, ValueError) as error:
        msg = f"multiformats can't hold the CID {cid}: {error}"
        raise IdentifierError(msg) from None


def from_multiformats(cid: CID) -> Cid:
    """Our CID for one of `multiformats`.

    Raises:
        IdentifierError: longer than a CID may be here.
    """
    return Cid.from_bytes(bytes(cid))


def to_dag_cbor(value: object) -> IPLDKind:
    """An IPLD value with the types that `dag_cbor` encodes: tuples become lists, StreamIDs and such bytes.

    Raises:
        EncodeError: something that DAG-CBOR can't hold.
        IdentifierError: a CID that `multiformats` can't hold.
    """
    converted: IPLDKind = _convert(value, _their_link, MAX_CBOR_DEPTH)
    return converted


def from_dag_cbor(value: object) -> IpldValue:
    """Our IPLD value for one that `dag_cbor` decoded.

    Raises:
        EncodeError: something that DAG-CBOR can't hold.
        IdentifierError: a CID that is longer than one may be here.
    """
    converted: IpldValue = _convert(value, _our_link, MAX_CBOR_DEPTH)
    return converted


def _their_link(link: Cid | CID) -> CID:
    return to_multiformats(link) if isinstance(link, Cid) else link


def _our_link(link: Cid | CID) -> Cid:
    return link if isinstance(link, Cid) else from_multiformats(link)


def _convert(value: object, link: _Link, depth: int) -> Any:
    if isinstance(value, Cid | CID):
        return link(value)
    if isinstance(value, dict | list | tuple):
        if depth <= 0:
            msg = f"value is nested deeper than {MAX_CBOR_DEPTH}"
            raise EncodeError(msg)
        if isinstance(value, dict):
            return {_key(key): _convert(item, link, depth - 1) for key, item in value.items()}
        return [_convert(item, link, depth - 1) for item in value]
    # What our encoder refuses, theirs would refuse with errors of its own.
    dagcbor.encode(value)
    return bytes(value) if isinstance(value, bytes) else value


def _key(key: object) -> str:
    if not isinstance(key, str):
        msg = f"map key {key!r} is not text"
        raise EncodeError(msg)
    dagcbor.encode(key)
    return key
