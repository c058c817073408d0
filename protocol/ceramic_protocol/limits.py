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

MAX_CACHED_CAPABILITIES: Final = 10_000
"""Capabilities (CACAO) whose verdict is remembered."""

MAX_CAPABILITY_BYTES: Final = 16 * 1024
"""A capability (CACAO); usual ones have about 500. It counts for each of its events, maybe thousands."""

MAX_CACHED_CAPABILITY_BYTES: Final = 16 * 1024 * 1024
"""All capabilities whose verdict is remembered; decoded they take up to ten times as much."""

MAX_CACHED_GRANTS: Final = 10_000
"""What capabilities grant, remembered decoded on its way between processes."""

MAX_CACHED_GRANT_BYTES: Final = 16 * 1024 * 1024
"""All grants that are remembered, as they travel."""

MAX_JSON_DEPTH: Final = 64
"""Nesting of JSON from outside."""

MAX_TERM_SECONDS: Final = 1_000_000_000
"""Grace and skew; about thirty years."""

MAX_BASE58_CHARS: Final = 128
"""A key or signature in base58 in a capability; Tezos' signatures have 99."""

MAX_CLIENT_DATA_BYTES: Final = 4 * 1024
"""JSON that a browser adds to a passkey's signature; usual ones have about 150."""

RPC_SECONDS: Final = 10.0
"""How long an endpoint may take for one answer, from connecting to the last byte, in seconds."""

RPC_ATTEMPTS: Final = 3
"""How often an endpoint that is busy or breaks off is asked the same thing."""

RPC_BACKOFF_SECONDS: Final = 0.25
"""The wait before the second attempt; each further one is twice as long."""

MAX_RPC_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""An endpoint's answer; 10,000 log entries, more than which no provider gives, fit in."""

MAX_RPC_HEAD_BYTES: Final = 64 * 1024
"""What may come along with an answer: headers and frames, and as much again as the answer may have."""

MAX_RPC_IDLE_CONNECTIONS: Final = 8
"""Connections to one endpoint that are kept for the next question."""

MAX_RPC_IDLE_SECONDS: Final = 30.0
"""How long one is kept; nodes and their proxies close them after 60 seconds or more."""

RPC_REST_SECONDS: Final = 5.0
"""For how long an endpoint that failed isn't asked again for a contract's word."""

MAX_WALLET_GAS: Final = 10_000_000
"""What a contract may burn while it looks at a signature; usual ones need less than a million."""

MAX_WALLET_ANSWER_BYTES: Final = 64 * 1024
"""An endpoint's answer with what a contract returns, which has 32 bytes if it means yes."""

MAX_WALLET_SIGNATURE_BYTES: Final = 64 * 1024
"""A signature that is shown to a contract: the owners of a large multisignature wallet, 65 bytes each."""

MAX_CACHED_WALLET_ANSWERS: Final = 10_000
"""What contracts said that is remembered."""

MAX_WALLET_ANSWER_SECONDS: Final = 300.0
"""How long what a contract said is taken for what it would say."""

MAX_KEY_FILE_BYTES: Final = 4 * 1024
"""A file with one secret key; Solana's have about 230 bytes."""

MAX_SESSION_FILE_BYTES: Final = 512 * 1024
"""A saved session: a capability may be as large as a block, usual ones have about 500 bytes."""

MAX_SCHEMA_DEPTH: Final = 64
"""Nesting of a model's schema; each object in an object takes two."""

MAX_SCHEMA_STEPS: Final = 20_000
"""Schemas within a model's schema, each counted as often as it is inserted by a reference."""

MAX_SCHEMA_FANOUT: Final = 2_000
"""Schemas that one schema applies to one and the same value, by references and by `allOf` and its like."""

MAX_SCHEMA_CHAIN: Final = 32
"""How many of these lie inside one another; the validator's stack grows by that, times a document's depth."""

MAX_SCHEMA_WORK: Final = 16_000_000
"""Work of checking one document by its model's schema, at worst: one for each keyword and value, and one for
each 20 characters that a keyword, or one of the places of a regular expression, may look at."""

MAX_SCHEMA_PLACES: Final = 500_000
"""Places in a document that are looked at to estimate that work exactly, if it has to be."""

MAX_SCHEMA_STATES: Final = 5_000
"""Combinations of schemas for one value that are remembered for that estimate, by schema."""

MAX_PATTERN_CHARS: Final = 4_096
"""A regular expression of a schema."""

MAX_PATTERN_DEPTH: Final = 32
"""Groups within groups of a regular expression."""

MAX_PATTERN_BYTES: Final = 32 * 1024 * 1024
"""Memory that the regular expressions of one schema take, by estimate."""

MAX_CACHED_SCHEMAS: Final = 1_000
"""Schemas of models that are remembered compiled."""

MAX_CACHED_SCHEMA_BYTES: Final = 128 * 1024 * 1024
"""Memory that these take together, by estimate."""

MAX_REFINEMENT_WORK: Final = 100_000
"""Pairs of schemas that are compared to see whether a model implements an interface."""

MAX_REFINEMENT_DEPTH: Final = 64
"""Nesting of schemas that are compared for that, with references inserted."""

MAX_WORDS_WORK: Final = 200_000
"""Work of a document whose error is described; finding the words takes many times as much."""

MAX_WORDS_STACK: Final = 400
"""Schemas within one another, times the nesting of such a document: about a kilobyte of stack each."""

MAX_WORDS_CHARS: Final = 300
"""What is said of one error in a model or document."""

MAX_TREE_LEAVES: Final = 1 << 24
"""Leaves of a Merkle tree; ceramic-one anchors up to 1,000,000 events at once."""

MAX_ANCHOR_INPUT_BYTES: Final = 256
"""Input of an anchor transaction that is kept; anchors have 36 or 37 bytes."""

RPC_CONFIRMATIONS: Final = 12
"""Blocks on top of a transaction's before it is taken for settled; anchor services wait for 4."""

RPC_HEAD_SECONDS: Final = 2.0
"""For how long a chain's height, and an answer that isn't settled, are taken for what they would be."""

RPC_PREFETCH_THREADS: Final = 8
"""Transactions that are looked up at the same time."""

MAX_CACHED_TRANSACTIONS: Final = 100_000
"""Settled transactions that are remembered, about 500 bytes each."""

MAX_CACHED_CHAIN_HEADERS: Final = 10_000
"""Blocks of settled transactions whose time is remembered."""

MAX_AWAITED_TRANSACTIONS: Final = 100_000
"""Transactions no chain has yet, of which is remembered since when they are asked for."""

RPC_ENDPOINT_SECONDS: Final = 600.0
"""For how long an endpoint is taken to serve the chain that it says, and to keep what it showed."""

RPC_INDEX_BLOCKS: Final = 32
"""Blocks in which an old transaction is looked for to see that; few blocks of busy chains are empty."""

MAX_DEV_REQUEST_BYTES: Final = 1024 * 1024
"""What a development chain is asked at once."""

MAX_DEV_REQUESTS: Final = 1_000
"""Questions in that."""

MAX_DEV_IDLE_SECONDS: Final = 60.0
"""How long a development chain keeps a connection open on which nobody asks anything."""

MAX_DEV_ENTRY_BYTES: Final = 4 * 1024
"""A transaction in a development chain's file; each has about 500 bytes."""
