"""Writing in the name of a wallet: a document and an edit of it, for `ceramic-streams verify` to read.

The wallet signs once, and lets a new session key write documents of one model for a day. The wallet's key
comes from a file that only its owner can read, or from an environment variable, and is no argument itself:

    python examples/write_as_wallet.py --key file:wallet.key --output events.ndjson
    python examples/write_as_wallet.py --key env:SOLANA_KEY --solana --output events.ndjson
    ceramic-streams verify ndjson:events.ndjson
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ceramic_connectors.keys import read_secret
from ceramic_connectors.sessions import open_session
from ceramic_protocol import multibase
from ceramic_protocol.accounts.sessions import one_model
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.accounts.wallets import Eip191Wallet, SolanaWallet
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.ids import MODEL, StreamId

POST: Final = {
    "version": "1.0",
    "name": "Post",
    "accountRelation": {"type": "list"},
    "schema": {
        "type": "object",
        "properties": {"body": {"type": "string", "maxLength": 500}},
        "required": ["body"],
        "additionalProperties": False,
    },
}
"""A model for the posts, by an author of its own; readers need it to check them."""


def a_model() -> BuiltEvent:
    """The model, published by a key that nobody needs again."""
    return EventBuilder(Ed25519Signer(secrets.token_bytes(32))).model(POST)


def write_as_wallet(where: str, model: StreamId, *, is_solana: bool = False) -> list[BuiltEvent]:
    """A document and an edit of it by the wallet whose secret key is at a place such as `file:wallet.key`."""
    secret = read_secret(where)
    wallet = SolanaWallet.of_seed(secret) if is_solana else Eip191Wallet.of_secret(secret)
    session = open_session(
        wallet, resources=[one_model(model)], domain="write-as-wallet", lifetime=timedelta(days=1)
    )
    return a_post(session.builder(at=datetime.now(UTC)), model)


def a_post(builder: EventBuilder, model: StreamId) -> list[BuiltEvent]:
    """Two events of one stream."""
    post = builder.init(model, {"body": "Hello"}, unique=secrets.token_bytes(12))
    patch = [{"op": "replace", "path": "/body", "value": "Hello, world"}]
    edit = builder.data(post.cid, post.cid, patch)
    return [post, edit]


def as_line(event: BuiltEvent) -> str:
    """An event as a line of an `ndjson:` source."""
    return json.dumps({"cid": str(event.cid), "car": multibase.encode(event.car, "m")}) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, write the lines."""
    parser = argparse.ArgumentParser(description="Write in the name of a wallet.")
    parser.add_argument("--key", required=True, help="file:PATH or env:NAME of the wallet's secret key")
    parser.add_argument("--solana", action="store_true", help="a wallet of Solana instead of Ethereum")
    parser.add_argument("--model", help="StreamID of the documents' model; without it one is made")
    parser.add_argument("--output", type=Path, required=True, help="the file to be written")
    chosen = parser.parse_args(arguments)
    try:
        made = [] if chosen.model else [a_model()]
        model = StreamId.of(MODEL, made[0].cid) if made else StreamId.parse(chosen.model)
        events = [*made, *write_as_wallet(chosen.key, model, is_solana=chosen.solana)]
    except CeramicError as error:
        parser.exit(1, f"error: {error}\n")
    chosen.output.write_text("".join(map(as_line, events)), encoding="utf-8")
    print(f"{len(events)} events are in {chosen.output}")


if __name__ == "__main__":
    main()
