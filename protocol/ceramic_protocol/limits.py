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

MAX_PARQUET_THREADS: Final = 2
"""Row groups that are compressed and written at once, each by a thread of its own."""

MAX_RECENT_PAYLOADS: Final = 2048
"""Payloads that are remembered as decoded."""

MAX_RECENT_PAYLOAD_BYTES: Final = 2048
"""The largest of them."""

MAX_RECENT_POINTERS: Final = 4096
"""JSON pointers of patches that are remembered as steps."""

MAX_RECENT_POINTER_CHARS: Final = 128
"""The longest of them."""

KEEP_VERSION_SECONDS: Final = 3600
"""How long a version of an export is left in place after it was replaced, for those who are reading it."""

INCREMENTAL_FILES: Final = 16
"""Files per table of an incremental export, unless it is told another number."""

COMPACT_BYTES: Final = 128 * 1024 * 1024
"""Size that `compact` makes no file larger than, unless it is told another one."""

MAX_OPEN_PARTITIONS: Final = 128
"""Partitions of a table that are written at once; the file is read again for further ones."""

MAX_PARTITION_BUFFER_BYTES: Final = 64 * 1024 * 1024
"""Rows held back for larger row groups while a file is cut up by partition."""

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

MAX_CACHED_TIE_KEYS: Final = 10_000
"""Sort keys of tips that are kept, about 200 bytes each."""

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

MAX_QUOTED_CHARS: Final = 80
"""What a message repeats of a word that makes no sense."""

MAX_TOLD_CHARS: Final = 300
"""Why there is no state after an event."""

MAX_TREE_COLUMNS: Final = 24
"""Branches side by side in a tree that is drawn as text; deeper ones share the last column."""

MAX_TREE_DETAIL_CHARS: Final = 160
"""What is told there of one event."""

MAX_CHART_ROWS: Final = 120
"""Boxes of a Mermaid chart, whose text may have 50,000 characters unless a page asks for more."""

MAX_CHART_LABEL_CHARS: Final = 160
"""Text of such a box."""

MAX_CHART_DETAIL_CHARS: Final = 80
"""What is told there of one event."""

MAX_SVG_DETAIL_CHARS: Final = 100
"""What is told of one event in a picture."""

MAX_TABLE_FIELDS: Final = 250
"""Properties of a model that get a column; a row of PostgreSQL must fit a page even if all are long texts."""

MAX_KIND_STEPS: Final = 64
"""Schemas that are looked at to find the type of such a column."""

MAX_STATEMENT_ROWS: Final = 5000
"""Rows of a model's table in one statement; each costs some milliseconds."""

MAX_PAGE: Final = 1000
"""Rows of a page of documents at most, as with js-ceramic."""

DEFAULT_PAGE: Final = 100
"""Rows of such a page if nobody says how many."""

MAX_CURSOR_CHARS: Final = 1024 * 1024
"""Text that says where a page begins."""

MAX_FILTER_DEPTH: Final = 32
"""Filters of ComposeDB within one another."""

POSTGRES_CONNECT_SECONDS: Final = 10
"""How long a PostgreSQL server may take to let somebody in."""

QUERY_MEMORY: Final = "1GB"
"""What DuckDB may take for a query of an export, in its own notation."""

QUERY_SECONDS: Final = 60.0
"""How long it may work on it."""

MAX_STORE_PAGE: Final = 10_000
"""Entries of a page that an event store is asked for at once (`includeData` of ceramic-one; api.md 1.4)."""

MAX_WAITING_EVENTS: Final = 100_000
"""Events that a store keeps although what they build on isn't there."""

MAX_WRITE_ATTEMPTS: Final = 64
"""How often a write is tried anew as others write to the same stream."""

MAX_SYNCED_EVENTS: Final = 100_000
"""Events of one stream that are taken from elsewhere at once."""

MAX_SYNCED_BYTES: Final = 256 * 1024 * 1024
"""Bytes of these events."""

MAX_ANCHOR_LEAVES: Final = 1_000_000
"""Events that one transaction anchors; as many as in ceramic-one (consensus.md 2.4)."""

MAX_ANCHOR_BATCHES: Final = 8
"""Transactions under way at once; nodes keep few of one account waiting."""

ANCHOR_PAUSE_SECONDS: Final = 1.0
"""Until a transaction that was sent is looked at again; each further time twice as long."""

MAX_ANCHOR_PAUSE_SECONDS: Final = 15.0
"""At most so long; a block takes about as much."""

ANCHOR_STUCK_SECONDS: Final = 180.0
"""After so long without a block a transaction is sent again with a higher fee."""

ANCHOR_DOUBT_SECONDS: Final = 10.0
"""So long a nonce has to seem taken by another transaction, beside the confirmations, to count as taken."""

MAX_ANCHOR_GAS: Final = 500_000
"""What an anchor may burn; the contract needs about 30,000."""

MAX_ANCHOR_FEE: Final = 500_000_000_000
"""Wei that one unit of gas may cost, unless the operator says otherwise."""

MAX_CAS_BATCHES: Final = 10_000
"""Requests to an anchor service that are under way at once, where each is for one event."""

CAS_SECONDS: Final = 30.0
"""How long an anchor service may take for one answer, in seconds."""

CAS_PAUSE_SECONDS: Final = 30.0
"""Until a request is asked for again; each further time twice as long."""

MAX_CAS_PAUSE_SECONDS: Final = 300.0
"""At most so long; as often as ceramic-one asks (consensus.md 2.5)."""

MAX_CAS_AGE_SECONDS: Final = 3 * 86_400.0
"""After so long a request is given up; services anchor within hours."""

MAX_CAS_ANSWER_BYTES: Final = 3 * 1024 * 1024
"""A service's answer: a CAR of `MAX_EVENT_CAR_BYTES` in base64, and a little."""

MAX_CAS_REQUEST_BYTES: Final = 4 * 1024 * 1024
"""A request with the events that go along."""

MAX_INTAKE_BATCH: Final = 2048
"""Events that a node verifies and keeps at a time."""

MAX_INTAKE_BYTES: Final = 64 * 1024 * 1024
"""Events that may wait to be kept by a node, in bytes of their CARs."""

MAX_WINDOW_BYTES: Final = 64 * 1024 * 1024
"""What the latest events, which a node keeps in memory for those who follow its feed, take there."""

WINDOW_ENTRY_BYTES: Final = 1_500
"""What one of them takes beside its bytes."""

MAX_WINDOW_EVENTS: Final = 100_000
"""The same, in events."""

NODE_READERS: Final = 4
"""Threads of a node that read from its stores."""

MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""The body of one HTTP request to a node."""

MAX_FEED_LOOK: Final = 20_000
"""Entries of the feed, or of one of its indexes, that a call looks at for those that fit a filter."""

MAX_CONFIG_BYTES: Final = 1024 * 1024
"""A node's configuration file."""

MAX_TOKENS_BYTES: Final = 1024 * 1024
"""A file of tokens' hashes; each takes about 100 bytes."""

MAX_TOKENS: Final = 10_000
"""Tokens in it."""

MAX_TOKEN_CHARS: Final = 256
"""A bearer token; ours have 47."""

TICKET_SECONDS: Final = 60.0
"""How long a ticket counts that stands for a token in an address."""

MAX_TOKEN_TICKETS: Final = 100
"""Tickets of a token that haven't been used."""

TOKENS_CHECK_SECONDS: Final = 2.0
"""How often the file of tokens is looked at for a change."""

MAX_CONNECTIONS: Final = 2_000
"""Connections to a node at once, unless the operator says otherwise (ceramic-one's bound for peers)."""

MAX_ADDRESS_CONNECTIONS: Final = 256
"""The same from one address that isn't this machine's."""

MAX_BODIES_BYTES: Final = 256 * 1024 * 1024
"""Bodies of all requests to a node that are being read or worked on."""

MIN_BODY_RATE: Final = 20_000
"""Bytes a second that a request's body has to bring, after `SLOW_BODY_SECONDS`."""

SLOW_BODY_SECONDS: Final = 20.0
"""For how long a body may come more slowly."""

IDLE_SECONDS: Final = 30.0
"""How long a connection may bring no whole head of a request: idle, or sending one slowly."""

TLS_SECONDS: Final = 10.0
"""How long the beginning of a TLS connection may take."""

MIN_ANSWER_RATE: Final = 1_000
"""Bytes a second that a client has to take of what waits to be sent to it."""

ANSWER_SECONDS: Final = 30.0
"""How often that is looked at."""

LINGER_SECONDS: Final = 2.0
"""How long the rest of a body is read and dropped after a request was refused."""

MAX_HEADER_LINES: Final = 64
"""Headers of a request to a node."""

MAX_HEADER_BYTES: Final = 8 * 1024
"""The request line of such a request, and each of its headers."""

MAX_ADDRESS_RATE: Final = 500
"""Requests a second from one address that isn't this machine's, unless the operator says otherwise."""

MAX_TOKEN_RATE: Final = 5_000
"""Requests a second with one token, unless its line says otherwise."""

MAX_RATED_ADDRESSES: Final = 20_000
"""Addresses whose requests are counted at once; about 300 bytes each."""

BURST_SECONDS: Final = 2.0
"""A rate allows so many seconds' worth at once."""

STOP_SECONDS: Final = 15.0
"""How long requests that are under way may take when a node stops."""

MAX_REQUEST_ID_CHARS: Final = 64
"""A request's name of its own choice (X-Request-ID)."""

MAX_LOGGED_CHARS: Final = 2_000
"""One value in a line of the log, such as a message; tracebacks may have ten times as much."""

MAX_READY_LAG: Final = 10_000
"""Changes that the states may be behind for a node to count as ready."""

METRICS_SECONDS: Final = 1.0
"""For how long figures that are read from the store are taken for what they would be."""

STATUS_POINTS: Final = 300
"""Points of a chart on the status page, one a second."""

OTEL_SECONDS: Final = 3
"""How long sending spans may take."""

OTEL_QUEUE: Final = 2_048
"""Spans that wait to be sent; further ones are dropped."""

MAX_STORE_LOG_BYTES: Final = 64 * 1024 * 1024
"""Log of a store on disk, after which a new one is begun; it may get longer while somebody reads."""

RECON_FOLD_EVENTS: Final = 50_000
"""Events whose keys of Recon may be missing until somebody asks for them; after that they are made anyway,
when it is quiet."""

RECON_QUIET_SECONDS: Final = 2.0
"""For how long fewer than `RECON_SLICE_EVENTS` have come when it is quiet."""

RECON_PRESSING_EVENTS: Final = 200_000
"""Events whose keys may be missing until they are made however many come; who asks for them waits seconds."""

RECON_SLICE_EVENTS: Final = 1_000
"""Events whose keys are made in one transaction: those who wait for keys or for Python wait for that."""

RECON_CACHE_BYTES: Final = 8 * 1024 * 1024
"""Pages of the keys of Recon in memory; a slice goes through them in order, and needs most of them once."""

RECON_LOG_BYTES: Final = 16 * 1024 * 1024
"""What is written of them before it is copied from SQLite's log to its place."""

MAX_CACHED_STREAM_FACTS: Final = 50_000
"""Streams whose facts a store on disk remembers, about 600 bytes each."""

MAX_STORE_CACHED_CAPABILITIES: Final = 5_000
"""Capabilities of events that a store on disk remembers, about 1,500 bytes each."""

MAX_INTERESTS: Final = 1_000
"""Interests that a store keeps."""

MAX_PEERS: Final = 10_000
"""Peers that a store remembers; those that weren't seen for longest are forgotten first."""

MAX_PEER_ADDRESSES: Final = 32
"""Addresses of a peer that are remembered."""

MAX_PEER_ADDRESS_CHARS: Final = 1024
"""Text of such an address."""

BODY_SECONDS: Final = 30.0
"""How long the body of a request may take to arrive."""

INTAKE_SECONDS: Final = 10.0
"""How long a writer waits until its events are kept (as in ceramic-one; api.md 1.3)."""

STATE_WAIT_SECONDS: Final = 2.0
"""How long a reader waits for the state after what its stream has got already."""

MAX_ANSWER_EVENT_BYTES: Final = 16 * 1024 * 1024
"""Events in one answer of ceramic-one's API, in bytes of their CARs; one more event may go beyond."""

MAX_ANSWER_CHUNK: Final = 256
"""Events with their bytes that are read from a store at a time for such an answer."""

MAX_ECHOED_CHARS: Final = 1024
"""What an answer repeats of what it was asked for."""

MAX_STATE_READERS: Final = 8
"""Connections to a store of states that are kept for readers."""

STATE_LOG_BYTES: Final = 64 * 1024 * 1024
"""Log of a store of states, after which a new one is begun; it may get longer while somebody reads."""

STATE_CACHE_BYTES: Final = 64 * 1024 * 1024
"""Pages of a store of states that its writer keeps in memory."""

MAX_LIVE_STREAMS: Final = 4_000
"""Streams that a node keeps judged in memory, as more of their events may come soon."""

MAX_LIVE_EVENTS: Final = 200_000
"""Events of these streams."""

MAX_LIVE_BYTES: Final = 128 * 1024 * 1024
"""Payloads and states of these events; in memory they take several times as much."""

MAX_STATE_UNIT: Final = 2_000
"""Events of one stream that are judged or written at a stretch, before others have their turn."""

MAX_STATE_BATCH: Final = 2_000
"""Streams that are judged in one transaction."""

STATE_UNIT_SECONDS: Final = 0.05
"""How long each kind of work may go on in one transaction, before what it made is seen."""

MAX_MODELS_AHEAD: Final = 16
"""Models that a stream needs, one through the other, and that are judged at once on its behalf."""

MAX_KNOWN_MODELS: Final = 1_000
"""Definitions of models that a node keeps decoded."""

STATE_POLL_SECONDS: Final = 1.0
"""How often a node looks for what nobody has told it: that a capability has run out, say."""

STATE_PACE_SECONDS: Final = 0.008
"""How long after a transaction has begun the next one begins at the earliest, unless much is left to do."""

MAX_STATE_PAUSE_SECONDS: Final = 30.0
"""How long it waits at most after a failure of its disk before it tries again."""

STATE_LOCK_SECONDS: Final = 10.0
"""How long whoever opens the states waits for a process that still writes them, as its node was killed."""

STATE_STOP_SECONDS: Final = 20.0
"""How long the process that writes them may take to end before it is killed."""

MAX_MULTIQUERIES: Final = 100
"""Queries that are answered together, and streams that one of them follows links to (js-ceramic's API)."""

MULTIQUERY_SECONDS: Final = 7.0
"""How long these may take at most (DEFAULT_MULTIQUERY_TIMEOUT_MS of js-ceramic)."""

MAX_COUNTED_DOCUMENTS: Final = 100_000
"""Documents of a model that are looked at for one count."""

MAX_LEGACY_CONDITIONS: Final = 100
"""Conditions of one filter of a collection, and values of one condition."""

COLLECTION_CHUNK: Final = 500
"""Documents that are looked at together for a page of a collection."""

MAX_POSTED_EVENTS: Final = 10_000
"""Events in one request to a node."""

MAX_WAIT_SECONDS: Final = 60.0
"""How long a request may wait for something new."""

MAX_FEED_VALUES: Final = 16
"""Models, streams or controllers that a feed may be asked for at once; and combinations of them."""

MAX_PAGE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of a page of a feed, after which it ends; one entry more may make it larger."""

STATES_AT_ONCE: Final = 16
"""States that are read together for a page; each may be as large as `MAX_DOCUMENT_BYTES`."""

WINDOW_READ_EVENTS: Final = 500
"""Entries by which the end of the feed in memory grows at once; each may be `MAX_EVENT_CAR_BYTES` large."""

FEED_LOOK_SECONDS: Final = 2.0
"""How long one request looks for entries of a feed that fit a filter, before it says how far it has come."""

MAX_FORM_BYTES: Final = 64 * 1024 * 1024
"""JSON texts of entries of the feed that a node keeps for those who read it."""

NODE_BACKLOG_READERS: Final = 2
"""Pages of the feed that are read from the store at once for those who follow it."""

PUSH_PAGE: Final = 256
"""Entries of a feed that are read at once for one who follows it."""

PUSH_PIECE_BYTES: Final = 64 * 1024
"""Bytes that are handed to a connection at once; as many again may wait in it (aiohttp's own limit)."""

PUSH_SOCKET_BYTES: Final = 128 * 1024
"""The system's buffer of such a connection; Linux takes twice as much."""

PUSH_HEARTBEAT_SECONDS: Final = 15.0
"""After so long without anything new, those who follow a feed are sent a sign of life."""

PUSH_STALL_SECONDS: Final = 15.0
"""How long a piece may take to leave; whoever takes longer is told where to go on, and sent away."""

PUSH_LINGER_SECONDS: Final = 5.0
"""How long that message may take."""

PUSH_REST_SECONDS: Final = 0.0002
"""For each one who follows a feed, how long all of them wait for more after something new has come."""

MAX_PUSH_REST_SECONDS: Final = 0.1
"""At most so long."""

PUSH_RETRY_MILLIS: Final = 2_000
"""After how long a browser is to connect again."""

MAX_PUSH_CONSUMERS: Final = 1_000
"""Those who follow feeds of a node at once."""

MAX_PUSH_CREDIT: Final = 100_000
"""Entries that a client may let come without having acknowledged them."""

MAX_SOCKET_MESSAGE: Final = 4 * 1024
"""A message of a client through a WebSocket."""

MAX_EXPLAINED_EVENTS: Final = 10_000
"""Events of a stream whose tree a node explains."""

NODE_JUDGES: Final = 2
"""Streams that a node judges as a whole at once, for requests."""

MAX_LEGACY_LOG: Final = 100_000
"""Events of a stream whose state is shown with its whole log, as js-ceramic's API does."""

MAX_LEGACY_BYTES: Final = 32 * 1024 * 1024
"""Events or states in one answer of that API, in bytes."""

MAX_STORE_FINDINGS: Final = 100
"""What a check of a store tells; there is no use in more."""

MAX_LOGGED_FAILURES: Final = 20
"""Streams that can't be judged of which a process logs why; all are counted, and say it themselves."""

MAX_TLS_FILE_BYTES: Final = 256 * 1024
"""A file with the key of a certificate."""

TICK_SECONDS: Final = 1.0
"""How often a node notes how it fares, and looks whether it can go on."""

MAX_METRICS_CONNECTIONS: Final = 32
"""Connections to a node's metrics."""

MAX_LISTED_EVENTS: Final = 100_000
"""Valid events of a stream whose log a node lists, or that it judges for one write on an expected tip."""

MAX_SQL_BYTES: Final = 128 * 1024
"""A statement that is sent to a node's tables, as UTF-8."""

SQL_MEMORY: Final = "512MB"
"""What DuckDB may take for all queries on a node's tables together, in its own notation."""

MAX_SQL_RESIDENT_BYTES: Final = 1 << 30
"""How much a process may grow while queries work: what DuckDB counts, and single values, which it doesn't."""

SQL_SPILL: Final = "4GB"
"""What these may put on disk beside that: for sorting and the like."""

SQL_THREADS: Final = 2
"""Threads of DuckDB in a node, beside those of the queries themselves."""

SQL_SECONDS: Final = 30.0
"""How long DuckDB may work on such a query, or on one step of a feed."""

SQL_ANSWER_SECONDS: Final = 600.0
"""How long all of it may take, the client's reading with it; feeds have no end."""

MAX_SQL_ROWS: Final = 100_000_000
"""Rows of such an answer."""

MAX_SQL_QUERIES: Final = 8
"""Such queries at once."""

MAX_SQL_FEEDS: Final = 32
"""Feeds that are followed by SQL at once."""

MAX_SQL_CALLS: Final = 256
"""Calls of such clients that are under way, those whose clients don't read with them."""

MAX_SQL_PREPARED: Final = 1_000
"""Prepared statements that are kept; beyond that those go that weren't used for longest."""

MAX_SQL_PREPARED_BYTES: Final = 32 * 1024 * 1024
"""Text and parameters of these."""

MAX_SQL_PARAMETERS: Final = 1_000
"""Parameters of a statement."""

MAX_SQL_MESSAGE_BYTES: Final = 2 * 1024 * 1024
"""A message of rows, unless a single row is larger (clients take 4 MiB, as gRPC does by default)."""

MAX_SQL_BATCH: Final = 2_048
"""Rows that are taken from DuckDB at a time."""

MAX_SQL_FEED_STEP: Final = 20_000
"""Rows of a table that a feed looks at in one step."""

MAX_SQL_FEED_BYTES: Final = 8 * 1024 * 1024
"""What events of such a step say, and their states, in bytes; in memory until the client has them."""

MAX_MIRROR_BATCH: Final = 5_000
"""Changes that the tables for SQL take over at a time."""

MIRROR_SECONDS: Final = 0.25
"""How long they wait at least before they take over more."""

SQL_FRESH_SECONDS: Final = 2.0
"""How long a query waits for the tables to take over all that was there when it came."""

MAX_STREAM_ID_TEXTS: Final = 10_000
"""StreamIDs of which the text is remembered while rows of tables are made."""

MAX_HELD_EVENTS: Final = 10_000
"""Events from elsewhere that are held in memory until their streams' init events come."""

MAX_HELD_BYTES: Final = 32 * 1024 * 1024
"""Bytes of such events."""

RELATED_BITS: Final = 1 << 27
"""Bits of the filter that remembers which documents covered ones refer to: 16 MiB, good for ten million."""

MAX_TEXTS_LOOKED_AT: Final = 10_000
"""Texts of one payload that are looked at for StreamIDs."""

MAX_PRUNE_PAGE: Final = 500
"""Streams that are looked at at a stretch when bytes are pruned."""

MAX_PRUNED_EVENTS: Final = 200
"""Events whose bytes go in one transaction."""

PRUNE_ROUND_SECONDS: Final = 600.0
"""From one round of pruning to the next."""

PRUNE_PAUSE_SECONDS: Final = 0.02
"""Between two transactions of a round, so that others get in between."""

MAX_RETENTION_SECONDS: Final = 100 * 366 * 86_400
"""The longest retention that isn't for ever."""

KAFKA_CONNECT_SECONDS: Final = 10.0
"""How long a broker may take to let a client in."""

KAFKA_REQUEST_SECONDS: Final = 10.0
"""How long a broker may take to answer."""

KAFKA_DELIVERY_SECONDS: Final = 25.0
"""How long a record may take to be acknowledged, with all retries; 20 to 30 s outlast a broker's restart."""

KAFKA_TRANSACTION_SECONDS: Final = 60.0
"""How long a transaction may take before the broker aborts it; not below `KAFKA_DELIVERY_SECONDS`."""

KAFKA_CLOSE_SECONDS: Final = 2.0
"""How long a client's threads may take to end; what is in the way by then is given up."""

KAFKA_RECONNECT_SECONDS: Final = 1.0
"""The longest pause between two attempts to reach a broker."""

KAFKA_REBUILD_SECONDS: Final = 1.0
"""The pause before a producer that failed is replaced."""

KAFKA_FETCH_WAIT_MS: Final = 100
"""How long a broker waits for something to send: it doesn't always notice when a transaction has ended."""

KAFKA_LINGER_SECONDS: Final = 0.02
"""How long a record waits for others to travel with."""

KAFKA_BATCH_BYTES: Final = 256 * 1024
"""How much travels together."""

MAX_KAFKA_REQUEST_BYTES: Final = 8 * 1024 * 1024
"""A request with records: one with an event's CAR has room, and its topic has to allow it."""

MAX_KAFKA_POLL: Final = 5_000
"""Records that a consumer hands over at a time."""

MAX_KAFKA_SECRET_BYTES: Final = 64 * 1024
"""A file with a password or a token."""

MAX_ORIGIN_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""A page that a source reads from a node; pages end at `MAX_PAGE_BYTES`, but for one entry more."""

ORIGIN_ANSWER_SECONDS: Final = 30.0
"""How long a node may take to answer a source, beyond the time for which it is asked to wait."""

ORIGIN_WAIT_SECONDS: Final = 5.0
"""How long a node is asked to wait for something new, so that a source that ends needn't wait longer."""

ORIGIN_RETRY_SECONDS: Final = 1.0
"""The pause before a node that couldn't be reached is asked again."""

MAX_PAGES_AHEAD: Final = 2
"""Pages of a feed that a source reads ahead of what it writes."""

MAX_SOURCE_TASKS: Final = 16
"""Tasks of a source, each with a partition of its own in the topic of positions."""

SIGNAL_LOOK_SECONDS: Final = 0.5
"""How often a source looks for signals."""

MAX_MODELS_AGAIN: Final = 100
"""Models whose states are to be written again at the same time."""

SOURCE_TICK_SECONDS: Final = 0.2
"""How long a source waits for a page before it looks whether there is something else to do."""

SOURCE_TOLD_SECONDS: Final = 10.0
"""How often a source says how far it is."""

MAX_SOURCE_NAME_CHARS: Final = 64
"""Characters of a Kafka source's name, with which its transactional ids begin."""

MAX_TOPIC_CHARS: Final = 249
"""Characters of a topic's name; Kafka's own limit."""

MAX_TOPIC_PREFIX_CHARS: Final = 100
"""Characters of the prefix of topics: network and StreamID of a model have to fit behind it."""

MAX_TOPIC_PARTITIONS: Final = 1_000
"""Partitions of a topic that a source makes."""

MAX_KAFKA_REPLICAS: Final = 100
"""Copies of a topic that a source makes."""

MAX_KAFKA_SERVERS: Final = 100
"""Brokers that a client is told to begin with."""

MAX_SOURCE_BATCH: Final = 100_000
"""Records in one transaction of a source."""

MAX_SOURCE_LINGER_SECONDS: Final = 10.0
"""How long a transaction may wait for more records; it ends well before `KAFKA_TRANSACTION_SECONDS`."""

MAX_HEARTBEAT_SECONDS: Final = 86_400.0
"""The longest time between two heartbeats of a source."""

MAX_HEARTBEATS_READ: Final = 512
"""Heartbeats at the end of their topic among which that of a source is looked for."""

HEARTBEAT_GRACE_SECONDS: Final = 5.0
"""How much later than it should a heartbeat may come from a source that runs."""

MAX_KNOWN_ROW_SHAPES: Final = 1_024
"""Shapes of a table's rows that are known to fit: types of values, null or not."""

MAX_SCHEMA_INDEX_BYTES: Final = 4 * 1024 * 1024
"""The index of a folder of schemas."""

MAX_REGISTRY_ANSWER_BYTES: Final = 1024 * 1024
"""An answer of a schema registry."""

REGISTRY_SECONDS: Final = 10.0
"""How long a schema registry may take for one answer, from connecting to the last byte."""

KAFKA_SETTLE_SECONDS: Final = 60.0
"""How long to wait for the end of a transaction in all its partitions; no less than a transaction takes."""

KAFKA_SETTLE_PAUSE_SECONDS: Final = 0.02
"""The pause before it is looked at again."""

MAX_KAFKA_NAMED: Final = 5
"""Partitions that an error names."""

KAFKA_SESSION_SECONDS: Final = 45.0
"""How long a group waits for a member that is silent before others take its partitions."""

KAFKA_HEARTBEATS: Final = 6
"""How often a member is heard of in that time."""

KAFKA_CHECK_SECONDS: Final = 5.0
"""How long a broker may take to let a client in that only sees whether it does."""

MAX_AVRO_SCHEMA_BYTES: Final = 256 * 1024
"""An Avro schema from a registry or a folder."""

MAX_AVRO_SCHEMA_DEPTH: Final = 32
"""Nesting of an Avro schema that records are read with."""

MAX_AVRO_SCHEMAS: Final = 1_000
"""Schemas of a registry that are kept."""

MAX_AVRO_WRITERS: Final = 100
"""Schemas of a table's writers that are kept ready to read with."""

MAX_FOREIGN_PAGE: Final = 10_000
"""Events with their bytes that a ceramic-one is asked for at once; its own limit."""

MAX_FOREIGN_SMALL_ANSWER_BYTES: Final = 64 * 1024
"""An answer of a node that says which one it is, on which network, or how far it is."""

FOREIGN_POLL_SECONDS: Final = 0.25
"""The pause before a ceramic-one is asked again whether there is something new."""

MAX_FOREIGN_STREAMS: Final = 131_072
"""Streams of a ceramic-one with model and controller kept, 600 bytes each; others are asked for again."""

MAX_FOREIGN_HOMES: Final = 65_536
"""Events of a ceramic-one with their streams kept, 300 bytes each, for time events that don't say."""

MAX_FOREIGN_STEPS: Final = 16
"""Events that are asked for, one before the other, to find the stream of a time event that doesn't say."""

FOREIGN_ASKING: Final = 4
"""Init events that a ceramic-one is asked for at the same time."""

MAX_FOREIGN_WORKERS: Final = 64
"""Processes that verify the events of a ceramic-one."""

MAX_FOREIGN_CHUNK: Final = 256
"""Events that such a process is handed at once: with fewer, it has to wait for the next ones more often."""

FOREIGN_CHUNK_SECONDS: Final = 60.0
"""How long such a process may take for them, and to begin, before another one takes its place."""

MAX_FOREIGN_DEATHS: Final = 3
"""Processes that may end over the same events before the source gives up."""

FOREIGN_JOIN_SECONDS: Final = 5.0
"""How long such a process may take to end by itself."""

COMPOSER_TURN_SECONDS: Final = 0.0005
"""After how long a thread of the process that makes records lets others go on.

Python's 5 ms keep the processes that verify waiting, for each chunk several times.
"""

MAX_COMPOSED_AHEAD: Final = 2
"""Transactions of a source that are made ahead of the one that is written."""

MAX_REMEMBERED_STREAMS: Final = 8_192
"""Streams of which it is remembered what follows from their StreamIDs, 2 MB: that takes a few µs."""

MAX_REMEMBERED_TOPICS: Final = 1_024
"""Names of topics of which it is remembered how Kafka takes them, 1 MB."""

MAX_REMEMBERED_CIDS: Final = 16_384
"""CIDs whose texts are remembered, 5 MB: each is asked for several times, and takes 2 µs."""

MAX_IMPORT_CHUNK_BYTES: Final = 4 * 1024 * 1024
"""Events that are handed to a node at once by an import, with at most `MAX_INTAKE_BATCH` of them."""

MAX_IMPORT_AHEAD: Final = 3
"""Such parcels that are under way at the same time."""

IMPORT_SECONDS: Final = 60.0
"""How long a node may take for one, and how long an import waits for a node that can't be reached."""

IMPORT_RETRY_SECONDS: Final = 0.5
"""The pause before it is tried again."""

MAX_IMPORT_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""A node's answer to such a parcel: an outcome for each event, with a detail of `MAX_TOLD_CHARS`."""

MAX_REFUSED_PAGE_BYTES: Final = 8 * 1024 * 1024
"""A page of what was refused, but for one thing more."""

REFUSED_LOCK_SECONDS: Final = 10.0
"""How long the file of what was refused may be locked by another process."""

PRIVATE_NODE_START_SECONDS: Final = 120.0
"""How long a node of a source's own may take to begin, after one that ran on the same folder has ended."""

PRIVATE_NODE_STOP_SECONDS: Final = 30.0
"""How long it may take to end, before it is killed."""

PRIVATE_NODE_LOCK_SECONDS: Final = 15.0
"""How long a source waits for its folder: the node of one that was killed takes a moment to end."""

PRIVATE_NODE_POLL_SECONDS: Final = 0.2
"""How often it is looked at."""

EVENT_SOURCE_PATIENCE_SECONDS: Final = 60.0
"""How long a node or a broker that events are read from may be away before the reader gives up."""

GUESSED_EVENT_BYTES: Final = 2_048
"""Of an event of a feed or topic, to spread work before any has been read."""

MAX_KAFKA_TOPICS_READ: Final = 1_000
"""Topics that a pattern may mean."""

FOLLOWED_TOPICS_SECONDS: Final = 10.0
"""How often topics that are followed are looked at: new ones, more partitions, and what was made anew."""

MAX_PARQUET_FILES: Final = 100_000
"""Files that make up a source."""

MAX_PARQUET_GROUP_BYTES: Final = 1024 * 1024 * 1024
"""What a row group may hold, unpacked, as its file says."""

MAX_MANIFEST_BYTES: Final = 64 * 1024 * 1024
"""A manifest that says which files are there."""

MAX_SOURCE_SPLITS: Final = 16
"""Ranges that a source is split into before it is read; runners split further while they are read."""

MAX_REREAD_GAP: Final = 10_000
"""Ordinals between two events that `reconcile` reads again: fewer are read through, more are passed over."""

STATES_CATCH_UP_SECONDS: Final = 120.0
"""How long a node's states may take to be those of its events, before their tips are compared."""

STATES_POLL_SECONDS: Final = 0.2
"""How often it is asked."""

REPLAY_DIFFERENCES: Final = 10
"""Differences of a table that `replay` shows, if no other number is asked for."""
