"""Sessions that are opened now, saved for later, and loaded again."""

from __future__ import annotations

import json
import os
import pickle
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.keys import Secret
from ceramic_connectors.sessions import (
    LIFETIME,
    LocalSession,
    load_session,
    open_session,
    save_session,
)
from ceramic_protocol.accounts.cacao_signatures import check_cacao_signature
from ceramic_protocol.accounts.did import KeyType, resolve_did_key
from ceramic_protocol.accounts.sessions import EVERYTHING, STATEMENT, one_model
from ceramic_protocol.accounts.wallets import Eip191Wallet, SolanaWallet, Wallet
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.limits import MAX_SESSION_FILE_BYTES
from ceramic_protocol.ports import NoContracts
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support.judging import CONTEXT
from tests.support.signing import ANY_MODEL

SECRET = bytes(range(1, 33))
WALLETS: list[Wallet] = [Eip191Wallet.of_secret(SECRET), SolanaWallet.of_seed(SECRET)]


def opened(wallet: Wallet = WALLETS[0], **options: Any) -> LocalSession:
    """A session for everything."""
    return open_session(wallet, **({"domain": "my-app", "resources": [EVERYTHING]} | options))


@pytest.mark.parametrize("wallet", WALLETS)
@pytest.mark.parametrize("kind", KeyType)
def test_three_lines_suffice(wallet: Wallet, kind: KeyType) -> None:
    session = open_session(wallet, domain="my-app", resources=[one_model(ANY_MODEL)], key_type=kind)
    now = datetime.now(UTC)
    post = session.builder(at=now).init(ANY_MODEL, {"body": "Hello"}, unique=b"u")
    history = evaluate(post.cid, EventSet.of([Verifier().verify(post.event)]), Rules.as_of(now), CONTEXT)
    assert history.log == (post.cid,)
    assert resolve_did_key(session.key.did).type is kind


def test_what_a_session_says_by_default() -> None:
    before = datetime.now(UTC)
    session = opened()
    cacao = session.capability
    assert check_cacao_signature(cacao, NoContracts()) is None
    assert (cacao.domain, cacao.statement, cacao.version) == ("my-app", STATEMENT, "1")
    assert re.fullmatch("[A-Za-z0-9]{10}", cacao.nonce)
    assert session.expires_at is not None
    assert timedelta(0) <= session.expires_at - LIFETIME - before + timedelta(milliseconds=1)
    assert session.expires_at - LIFETIME <= datetime.now(UTC)


def test_every_session_is_a_new_one() -> None:
    sessions = [opened() for _ in range(20)]
    for values in (
        {session.key.did for session in sessions},
        {session.capability.nonce for session in sessions},
    ):
        assert len(values) == len(sessions)


def test_what_can_be_said_instead() -> None:
    cacao = opened(domain="other", lifetime=None, statement=None).capability
    assert (cacao.domain, cacao.expires_at, cacao.statement) == ("other", None, None)
    with pytest.raises(UsageError, match="expire"):
        opened(lifetime=timedelta(0))
    with pytest.raises(UsageError, match="without resources"):
        opened(resources=[])


@pytest.mark.parametrize("wallet", WALLETS)
@pytest.mark.parametrize("kind", KeyType)
def test_sessions_wait_in_files(wallet: Wallet, kind: KeyType, tmp_path: Path) -> None:
    session = opened(wallet, key_type=kind)
    path = tmp_path / "session.json"
    save_session(session, path)
    loaded = load_session(str(path))
    assert loaded.capability == session.capability
    assert loaded.block == session.block
    assert loaded.secret == session.secret
    first, second = (one.builder().init(ANY_MODEL, {"n": 1}, unique=b"u") for one in (session, loaded))
    assert (loaded.controller, first.car) == (session.controller, second.car)


def test_nobody_else_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    former = os.umask(0)
    try:
        save_session(opened(), path)
    finally:
        os.umask(former)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match=f"others can get at {path} .mode 0640.; run chmod 600 {path}"):
        load_session(path)
    # What replaces a file that others could read is for its owner alone.
    save_session(opened(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "session.json"
    first, second = opened(), opened()
    save_session(first, path)
    with monkeypatch.context() as patch:

        def fail(*_arguments: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", fail)
        with pytest.raises(OutsideError, match=r"can't write .*session.json: No space left"):
            save_session(second, path)
    assert load_session(path).key.did == first.key.did
    assert [file.name for file in tmp_path.iterdir()] == ["session.json"]
    save_session(second, path)
    assert load_session(path).key.did == second.key.did


def test_a_link_stays_one(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = tmp_path / "session.json"
    link.symlink_to(folder / "session.json")
    session = opened()
    save_session(session, link)
    assert link.is_symlink()
    assert load_session(folder / "session.json").key.did == session.key.did


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="No such file"):
        save_session(opened(), tmp_path / "none" / "session.json")
    with pytest.raises(OutsideError, match="No such file"):
        load_session(tmp_path / "session.json")


def test_a_session_that_has_run_out_can_be_loaded_and_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    save_session(opened(lifetime=timedelta(seconds=1)), path)
    session = load_session(path)
    with pytest.raises(UsageError, match="run out"):
        session.builder(at=datetime.now(UTC) + timedelta(seconds=2))


def test_files_that_hold_no_session(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    save_session(opened(), path)
    whole = json.loads(path.read_bytes())
    others = [opened(), opened(key_type=KeyType.P256)]
    save_session(others[0], path)
    other = json.loads(path.read_bytes())
    strange: list[Any] = [None, 7, "", "zz0", "z", ["m"], {}, "\ud800"]
    wrong: list[Any] = [
        *({name: whole[name] for name in whole if name != left_out} for left_out in whole),
        *(whole | {name: value} for name in whole for value in strange),
        whole | {"secret": other["secret"]},
        whole | {"capability": other["capability"]},
        whole | {"key_type": "p256"},
        whole | {"secret": whole["secret"][:-4]},
        whole | {"capability": whole["capability"][:-4]},
        whole | {"version": 2},
        [whole],
        None,
        "session",
    ]
    assert len(wrong) == 4 + 4 * len(strange) + 9
    for broken in wrong:
        check_refused(path, json.dumps(broken).encode(), whole["secret"])
    for data in (b"", b"{", b"\xff", b"[" * 100_000, bytes(MAX_SESSION_FILE_BYTES + 1)):
        check_refused(path, data, whole["secret"])


def check_refused(path: Path, data: bytes, secret: str) -> None:
    """It is refused in words that don't quote the secret, nor has the error a cause that does."""
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"holds no session: |has more than") as raised:
        load_session(path)
    assert secret[1:12] not in str(raised.value)
    assert raised.value.__context__ is None


def test_secrets_stay_with_the_session(tmp_path: Path) -> None:
    session = opened()
    assert isinstance(session.secret, Secret)
    assert repr(session) == f"LocalSession(key=Ed25519Signer({session.key.did}))"
    with pytest.raises(TypeError, match="can't be pickled"):
        pickle.dumps(session)
    path = tmp_path / "session.json"
    save_session(session, path)
    assert SECRET.hex() not in path.read_text()
