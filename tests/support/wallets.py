"""Contracts that are asked for signatures (EIP-1271), as code of the EVM; good ones and bad ones."""

from __future__ import annotations

from coincurve import PrivateKey
from Crypto.Hash import keccak

from ceramic_protocol.limits import MAX_WALLET_GAS
from tests.support.evm import assemble

MAGIC = "16 26 ba 7e"
"""The selector of `isValidSignature(bytes32,bytes)`, and the answer that means yes."""

_RETURN_WORD = """
    5f 52 60 20 5f f3  return the word on the stack
"""


def address(key: PrivateKey) -> bytes:
    """The 20-byte address of a key."""
    public = key.public_key.format(compressed=False)[1:]
    return keccak.new(digest_bits=256, data=public).digest()[12:]


def sign(key: PrivateKey, digest: bytes) -> bytes:
    """r, s and v, 65 bytes."""
    signature = key.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def wallet(owner: bytes) -> bytes:
    """A wallet that accepts what its one owner, an address, has signed."""
    return assemble(f"""
        5f 35 60 e0 1c  the selector: the first word of the input, shifted right by 224 bits
        63 {MAGIC} 14  is it ours?
        60 11 57  then go on at 0x11
        5f 5f fd  revert
        5b  0x11
        60 24 35 60 40 14  the bytes begin at 0x40, counted from behind the selector,
        60 44 35 60 41 14 16  and are 65
        60 04 35 5f 52  memory[00] = digest
        60 a4 35 5f 1a 60 20 52  memory[20] = v, the first byte of its word
        60 64 35 60 40 52  memory[40] = r
        60 84 35 60 60 52  memory[60] = s
        60 20 60 80 60 80 5f 60 01 5a fa 50  memory[80] = ecrecover(memory[00:80]), unchanged if it fails
        60 80 51 73 {owner.hex()} 14 16  and that is the owner
        63 {MAGIC} 60 e0 1b 02  then the magic value in the first bytes of a word, else nothing
        {_RETURN_WORD}
    """)


FRUGAL = assemble(f"""
    5a 63 {MAX_WALLET_GAS + 1:08x} 11  1 if no more than the cap is left, else 0
    63 {MAGIC} 60 e0 1b 02  times the magic value
    {_RETURN_WORD}
""")
"""Accepts everything while it has no more gas than we mean to give."""

BAD = {
    "stop": assemble("00  stop"),
    "revert": assemble("5f 5f fd  revert"),
    "loop": assemble("5b 5f 56  go to 0"),
    "bomb": assemble("60 20 60 20 80 80 80 80 30 5a f1 5f 56  call itself, then jump where no jump may go"),
    "invalid": assemble("fe  invalid"),
    "undefined": assemble("0c  no operation has this number"),
    "underflow": assemble("01  add what isn't there"),
    "overflow": assemble("5b 5f 5f 56  push without end"),
    "jump": assemble("60 07 56  jump where no jump may go"),
    "out of bounds": assemble("60 01 5f 5f 3e  copy returned data that isn't there"),
    "magic alone": assemble(f"63 {MAGIC} 60 e0 1b 5f 52 60 04 5f f3  return 4 bytes"),
    "magic at the end": assemble(f"63 {MAGIC} {_RETURN_WORD}"),
    "dirty magic": assemble(f"63 {MAGIC} 60 e0 1b 60 01 17 {_RETURN_WORD}"),
    "old magic": assemble(f"63 20 c1 3b 0b 60 e0 1b {_RETURN_WORD}"),
    "true": assemble(f"60 01 {_RETURN_WORD}"),
    "echo": assemble("36 5f 5f 37 36 5f f3  return the input"),
    "a lot": assemble("62 20 00 00 5f f3  return 2 MiB"),
    "a lot reverted": assemble("62 20 00 00 5f fd  revert with 2 MiB"),
}
"""Contracts that accept nothing, by what they do."""
