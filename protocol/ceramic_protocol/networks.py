"""Networks and their ids (events.md 2.1; CIPs tables/networkIds.csv)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from ceramic_protocol import varint
from ceramic_protocol.errors import IdentifierError

_IN_MEMORY_ID: Final = 0xFF
_NAMES: Final = {0: "mainnet", 1: "testnet-clay", 2: "dev-unstable", _IN_MEMORY_ID: "inmemory"}
_IDS: Final = {name: number for number, name in _NAMES.items()} | {"in-memory": _IN_MEMORY_ID}
_LOCAL_BASE: Final = 1 << 32
_LOCAL_COUNT: Final = 1 << 32
_DEVELOPMENT: Final = frozenset({"eip155:1337", "eip155:31337", "inmemory:12345"})
_CHAINS: Final = {
    0: frozenset({"eip155:1"}),
    1: frozenset({"eip155:3", "eip155:4", "eip155:100"}),
    2: frozenset({"eip155:3", "eip155:4", "eip155:5", "eip155:11155111"}),
    _IN_MEMORY_ID: _DEVELOPMENT,
}
"""The chains of js-ceramic; ceramic-one asks one of them for each network (consensus.md 2.5)."""

_NUMBER: Final = r"0|[1-9][0-9]{0,9}"
_LOCAL_NAME: Final = re.compile(rf"local-({_NUMBER})", re.ASCII)
_NUMBER_TEXT: Final = re.compile(rf"({_NUMBER})|0[xX]([0-9a-fA-F]{{1,9}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Network:
    """A Ceramic network, known by its number.

    Raises:
        IdentifierError: no network has that number.
    """

    id: int

    def __post_init__(self) -> None:
        if self.id not in _NAMES and not self.is_local:
            msg = f"no network has the id {self.id:#x}"
            raise IdentifierError(msg)

    @classmethod
    def local(cls, number: int) -> Self:
        """The local network with a number below 2^32.

        Raises:
            IdentifierError: the number is out of range.
        """
        if not 0 <= number < _LOCAL_COUNT:
            msg = f"local network {number} is not in the range of 32 bits"
            raise IdentifierError(msg)
        return cls(_LOCAL_BASE + number)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A network from its name (`mainnet`, `local-42`, also `in-memory`) or its id, decimal or `0x…`.

        Raises:
            IdentifierError: no network has that name or id.
        """
        if text in _IDS:
            return cls(_IDS[text])
        local = _LOCAL_NAME.fullmatch(text)
        if local is not None:
            return cls.local(int(local[1]))
        number = _NUMBER_TEXT.fullmatch(text)
        if number is not None:
            return cls(int(number[1]) if number[1] else int(number[2], 16))
        msg = f"{text[:80]!r} is no network; known are {', '.join(_NAMES.values())} and local-<number>"
        raise IdentifierError(msg)

    @classmethod
    def read(cls, data: bytes, pos: int) -> tuple[Self, int]:
        """The network whose varint starts at `pos` and the position behind it.

        Raises:
            IdentifierError: no varint, or no network has that id.
        """
        number, end = varint.decode(data, pos)
        return cls(number), end

    @property
    def is_local(self) -> bool:
        """Whether it is one of the 2^32 local networks."""
        return _LOCAL_BASE <= self.id < _LOCAL_BASE + _LOCAL_COUNT

    @property
    def name(self) -> str:
        """The name as nodes report it, such as `testnet-clay` or `local-42`."""
        return _NAMES[self.id] if self.id in _NAMES else f"local-{self.id - _LOCAL_BASE}"

    @property
    def chains(self) -> frozenset[str]:
        """The CAIP-2 chains on which anchors of this network may lie; none are named for a local one."""
        return frozenset() if self.is_local else _CHAINS[self.id]

    def anchors_on(self, chain_id: str) -> bool:
        """Whether anchors of this network may lie on that CAIP-2 chain.

        Development chains, on which anybody can anchor anything at any time, are for networks in memory. The
        anchors of a local network are the business of whoever runs it, as for ceramic-one: any chain will do.
        """
        return self.is_local or chain_id in self.chains

    @property
    def varint(self) -> bytes:
        """The id as it stands in an EventID: 1 byte, 2 in memory, 5 for a local network."""
        return varint.encode(self.id)

    def __str__(self) -> str:
        """The name."""
        return self.name


MAINNET: Final = Network(0)
TESTNET_CLAY: Final = Network(1)
DEV_UNSTABLE: Final = Network(2)
IN_MEMORY: Final = Network(_IN_MEMORY_ID)
