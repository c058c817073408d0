"""did:pkh."""

from __future__ import annotations

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.pkh import PkhAccount, checksum_address, parse_pkh, same_account
from ceramic_protocol.errors import IdentifierError

LOWER = "0x2304139750e05ec48aaf81432c6cb68799bf3866"
MIXED = "0x2304139750E05EC48aaF81432c6CB68799BF3866"

EIP55 = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
]
"""The examples of EIP-55 itself."""

ACCOUNTS = {
    f"did:pkh:eip155:1:{LOWER}": PkhAccount("eip155", "1", LOWER),
    f"did:pkh:eip155:137:{MIXED}": PkhAccount("eip155", "137", MIXED),
    "did:pkh:stacks:1:SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1": PkhAccount(
        "stacks", "1", "SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1"
    ),
    "did:pkh:hedera:mainnet:0.0.1234567890-zbhlt": PkhAccount("hedera", "mainnet", "0.0.1234567890-zbhlt"),
    f"did:pkh:abc:{'r' * 32}:{'a' * 128}": PkhAccount("abc", "r" * 32, "a" * 128),
}

REFUSED = [
    "",
    "did:pkh:",
    "did:key:z6MkrtBQz7nZ5tKR4oyCg9eRjr6SE9TPYboG1U3LVkULDLdh",
    f"did:pkh:eip155:{LOWER}",
    f"did:pkh:eip155:1:{LOWER}:x",
    f"did:pkh:eip155::{LOWER}",
    f"DID:pkh:eip155:1:{LOWER}",
    f" did:pkh:eip155:1:{LOWER}",
    f"did:pkh:eip155:1:{LOWER}\n",
    f"did:pkh:eip155:1\n:{LOWER}",
    f"did:pkh:eip155:1:{LOWER}#blockchainAccountId",
    f"did:pkh:eip155:1:{LOWER[:-1]}",
    f"did:pkh:eip155:1:{LOWER}0",
    f"did:pkh:eip155:1:{LOWER[:-1]}g",
    f"did:pkh:eip155:1:0X{LOWER[2:]}",
    f"did:pkh:eip155:1:{LOWER[2:]}",
    f"did:pkh:eip155:1:{LOWER[:-1]}٦",
    f"did:pkh:EIP155:1:{LOWER}",
    "did:pkh:eth:0x2304139750e05ec48aaf81432c6cb68799bf3866",
    f"did:pkh:abc:{'r' * 33}:a",
    f"did:pkh:abc:r:{'a' * 129}",
    f"did:pkh:{'n' * 9}:r:a",
    f"did:pkh:abc:r:{'a' * 1_000_000}",
]


@pytest.mark.parametrize("did", ACCOUNTS)
def test_accounts(did: str) -> None:
    assert parse_pkh(did) == ACCOUNTS[did]
    assert parse_pkh(did).chain_id == ":".join(did.split(":")[2:4])


@pytest.mark.parametrize("did", REFUSED, ids=lambda did: did[:60])
def test_no_accounts(did: str) -> None:
    with pytest.raises(IdentifierError):
        parse_pkh(did)


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_answered(text: str, has_prefix: bool) -> None:
    with suppress(IdentifierError):
        account = parse_pkh(f"did:pkh:{text}" if has_prefix else text)
        assert f"{account.chain_id}:{account.address}" == text


@pytest.mark.parametrize("address", EIP55)
def test_checksums_of_the_specification(address: str) -> None:
    for spelling in (address, address.lower(), "0x" + address[2:].upper()):
        assert checksum_address(spelling) == address


@given(st.text("0123456789abcdef", min_size=40, max_size=40))
def test_a_checksum_changes_but_the_case(digits: str) -> None:
    address = checksum_address(f"0x{digits}")
    assert address.lower() == f"0x{digits}"
    assert checksum_address(address) == address


@pytest.mark.parametrize("address", ["", "0x", LOWER[:-1], LOWER[2:], f"{LOWER}0", "é" * 42])
def test_only_addresses_have_checksums(address: str) -> None:
    with pytest.raises(IdentifierError):
        checksum_address(address)


def test_case_does_not_matter_on_eip155_chains() -> None:
    for reference in ("1", "137"):
        assert same_account(f"did:pkh:eip155:{reference}:{LOWER}", f"did:pkh:eip155:{reference}:{MIXED}")
    assert not same_account(f"did:pkh:eip155:1:{LOWER}", f"did:pkh:eip155:137:{LOWER}")
    assert not same_account(f"did:pkh:eip155:1:{LOWER}", f"did:pkh:eip155:1:{LOWER[:-1]}7")


@pytest.mark.parametrize("start", ["did:key:", "did:pkh:solana:x:", "DID:pkh:eip155:1:", ""])
def test_case_matters_elsewhere(start: str) -> None:
    assert not same_account(f"{start}AbC", f"{start}aBc")
    assert same_account(f"{start}AbC", f"{start}AbC")


@given(st.text(string.printable, max_size=20), st.text(string.printable, max_size=20))
def test_it_does_not_matter_which_one_comes_first(first: str, second: str) -> None:
    assert same_account(first, first)
    assert same_account(first, second) is same_account(second, first)
