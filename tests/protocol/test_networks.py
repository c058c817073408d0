"""Networks and their ids."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.networks import DEV_UNSTABLE, IN_MEMORY, MAINNET, TESTNET_CLAY, Network

networks = st.one_of(
    st.sampled_from([MAINNET, TESTNET_CLAY, DEV_UNSTABLE, IN_MEMORY]),
    st.builds(Network.local, st.integers(0, (1 << 32) - 1)),
)


@pytest.mark.parametrize(
    ("network", "number", "name", "data"),
    [
        (MAINNET, 0, "mainnet", "00"),
        (TESTNET_CLAY, 1, "testnet-clay", "01"),
        (DEV_UNSTABLE, 2, "dev-unstable", "02"),
        (IN_MEMORY, 0xFF, "inmemory", "ff01"),
        (Network.local(0xCE4A441C), 0x1_CE4A_441C, "local-3460973596", "9c88a9f21c"),
        (Network.local(0), 0x1_0000_0000, "local-0", "8080808010"),
        (Network.local(0xFFFF_FFFF), 0x1_FFFF_FFFF, "local-4294967295", "ffffffff1f"),
    ],
)
def test_networks_of_the_notes(network: Network, number: int, name: str, data: str) -> None:
    assert (network.id, network.name, network.varint.hex()) == (number, name, data)
    assert Network(number) == network
    assert str(network) == name


@given(networks)
def test_a_network_comes_back_from_name_number_bytes_and_pickle(network: Network) -> None:
    assert Network.parse(network.name) == network == Network(network.id)
    assert Network.parse(str(network.id)) == network == Network.parse(hex(network.id))
    assert Network.read(b"??" + network.varint + b"?", 2) == (network, 2 + len(network.varint))
    assert pickle.loads(pickle.dumps(network)) == network
    assert network.is_local == network.name.startswith("local-")


def test_other_spelling_of_in_memory() -> None:
    assert Network.parse("in-memory") is not IN_MEMORY
    assert Network.parse("in-memory") == IN_MEMORY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mainnet",
        "mainnet ",
        "local",
        "local-",
        "local-01",
        "local--1",
        "local-4294967296",
        "local-٤",
        "local-1\n",
        "3",
        "-1",
        "007",
        "0x",
        "8589934592",
        "9" * 5000,
        "0x1000000000",
    ],
)
def test_text_that_is_no_network(text: str) -> None:
    with pytest.raises(IdentifierError):
        Network.parse(text)


@given(st.integers())
def test_any_number_is_a_network_or_identifier_error(number: int) -> None:
    try:
        network = Network(number)
    except IdentifierError:
        return
    assert network.id == number


@pytest.mark.parametrize("number", [-1, 3, 0xFE, 0x100, 0xFFFF_FFFF, 0x2_0000_0000])
def test_numbers_between_the_networks(number: int) -> None:
    with pytest.raises(IdentifierError):
        Network(number)


@pytest.mark.parametrize("number", [-1, 1 << 32])
def test_numbers_beyond_local_networks(number: int) -> None:
    with pytest.raises(IdentifierError, match="32 bits"):
        Network.local(number)


@pytest.mark.parametrize(
    ("network", "chains"),
    [
        ("mainnet", "eip155:1"),
        ("testnet-clay", "eip155:3 eip155:4 eip155:100"),
        ("dev-unstable", "eip155:3 eip155:4 eip155:5 eip155:11155111"),
        ("inmemory", "eip155:1337 eip155:31337 inmemory:12345"),
    ],
)
def test_anchors_of_a_network_lie_on_its_chains(network: str, chains: str) -> None:
    known = {f"eip155:{number}" for number in (1, 3, 4, 5, 10, 100, 1337, 31337, 11155111)}
    known |= {"inmemory:12345", "inmemory:1", "eip155:", ""}
    assert {chain for chain in known if Network.parse(network).anchors_on(chain)} == set(chains.split())


def test_anchors_of_a_local_network_lie_anywhere() -> None:
    assert all(Network.local(7).anchors_on(chain) for chain in ("eip155:1337", "eip155:1", "eip155:424242"))
