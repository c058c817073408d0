"""Every bound on what comes from outside, by name. Sizes in bytes unless the name says otherwise."""

from __future__ import annotations

from typing import Final

MAX_BLOCK_BYTES: Final = 256_000
"""Largest block of an event (js-ceramic and the SDK refuse larger commits; events.md 3.5)."""

MAX_SECTION_BYTES: Final = 4 * 1024 * 1024
"""Largest CAR header or section that is read at all (ceramic-one's ld_read; events.md 3.5)."""

MAX_ARCHIVE_HEADER_BYTES: Final = 256 * 1024 * 1024
"""Largest header of a CAR archive: one root of about 42 bytes for each of its events."""

MAX_EVENT_BLOCKS: Final = 128
"""Blocks in the CAR of one event: capability, payload, envelope, or proof and witness nodes."""

MAX_EVENT_CAR_BYTES: Final = 2 * 1024 * 1024
"""The CAR of one event as a whole."""

MAX_CBOR_DEPTH: Final = 128
"""Nesting of lists and maps in a block."""

MAX_WITNESS_PATH: Final = 64
"""Steps from an anchor's Merkle root to the anchored event."""

MAX_PROTECTED_HEADER_BYTES: Final = 8 * 1024
"""The protected header of a JWS."""

MAX_IDENTIFIER_CHARS: Final = 1024
"""Text that is tried as a CID, StreamID, CommitID or DID."""

MAX_BIG_BASE_CHARS: Final = 16 * 1024
"""Text in base36 or base58, which takes time by the square of its length."""

MAX_CID_BYTES: Final = 128
"""A binary CID."""

MAX_DOCUMENT_BYTES: Final = 16_000_000
"""JSON form of a document's content (MAX_DOCUMENT_SIZE of js-ceramic; events.md 3.5)."""

MAX_PATCH_OPS: Final = 10_000
"""Operations in one JSON patch."""

MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""A line of an NDJSON source."""

MAX_BATCH_EVENTS: Final = 1000
"""Events in one batch between stages."""

MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""CAR bytes in one batch between stages."""

MAX_SPILL_BUFFER_BYTES: Final = 32 * 1024 * 1024
"""Batches held back before they are split by shard and written to spill files."""

MAX_WAVE_BYTES: Final = 16 * 1024 * 1024
"""Spilled bytes of the shards that one in-process pipeline resolves together, unless one shard has more."""

MAX_DAMAGE_BYTES: Final = 64 * 1024
"""How much of a damaged stretch is kept beside its report."""

MAX_PATCH_WORK: Final = 16_000_000
"""Work of one patch, all operations together: 16 for each value copied and one for each character of it, 256
for each null filled in, one for each 16 items that an array shifts."""

MAX_ARRAY_FILL: Final = 10_000
"""Nulls that a `replace` behind the end of an array may put in between."""

MAX_POINTER_TOKENS: Final = 96
"""Steps of a JSON pointer in a patch."""

MAX_DOCUMENT_DEPTH: Final = MAX_POINTER_TOKENS + MAX_CBOR_DEPTH
"""Nesting of a document: a block's value at the end of a pointer."""

MAX_EVENT_ID_BYTES: Final = 28 + MAX_CID_BYTES
"""A binary EventID: a head of 23 to 28 bytes for the network and the hashes, then a CID."""

MAX_INTEREST_BYTES: Final = 512
"""A binary interest; with two EventIDs for its range it has fewer than 400 bytes."""

MAX_PEER_KEY_CHARS: Final = 16 * 1024
"""Text of a peer key: a JWS over the addresses of one node."""

MAX_CACHED_KEYS: Final = 10_000
"""Resolved keys that are remembered, by kind."""

MAX_CACHED_HEADERS: Final = 10_000
"""Protected headers that are remembered decoded."""

MAX_CACHED_HEADER_BYTES: Final = 512
"""A protected header that is remembered."""

MAX_HASHED_IN_VAIN_BYTES: Final = 64 * 1024 * 1024
"""What the search for the next block behind damage may hash without finding one, in all."""

MAX_HASHED_IN_VAIN_PER_BYTE: Final = 4
"""The same for each byte of the archive that has been read, beside that."""
