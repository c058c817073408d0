"""Secret keys from files and variables: every form is read, and whatever is wrong, no error quotes one."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import subprocess
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from ceramic_connectors.keys import Secret, read_address, read_private, read_secret
from ceramic_protocol.accounts.signers import Ed25519Signer, Secp256k1Signer
from ceramic_protocol.accounts.wallets import Eip191Wallet
from ceramic_protocol.errors import CeramicError, OutsideError, UsageError
from ceramic_protocol.limits import MAX_KEY_FILE_BYTES
from ceramic_protocol.multibase import encode, encode_base58

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes(SigningKey(SEED).verify_key)
PAIR = SEED + PUBLIC
NODE = encode(b"\x80\x26" + SEED, "z")
NODE_PUBLIC = encode(b"\xed\x01" + PUBLIC, "z")
NAME = "CERAMIC_TEST_SECRET"

FORMS = {
    "hex": SEED.hex(),
    "0x": "0x" + SEED.hex(),
    "upper case": SEED.hex().upper(),
    "solana": json.dumps(list(PAIR)),
    "solana, spread": json.dumps(list(PAIR), indent=1),
    "phantom": encode_base58(PAIR),
    "node": NODE,
    "node, base64": encode(b"\x80\x26" + SEED, "m"),
    "node, hex": encode(b"\x80\x26" + SEED, "f"),
    "node with its key": f"{NODE}:{NODE_PUBLIC}",
}

WRONG = {
    "words": "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "short hex": SEED.hex()[1:],
    "long hex": SEED.hex() + "0",
    "hex of a pair": PAIR.hex(),
    "double": f"{SEED.hex()} {SEED.hex()}",
    "not all hex": SEED.hex()[:-1] + "g",
    "binary": SEED.decode("latin-1"),
    "seed in base58": encode_base58(SEED),
    "base58 and more": encode_base58(PAIR + b"\1"),
    "numbers": json.dumps(list(SEED)),
    "number": json.dumps(int.from_bytes(SEED, "big")),
    "large number": json.dumps([*PAIR[:-1], 256]),
    "negative number": json.dumps([*PAIR[:-1], -1]),
    "fraction": json.dumps([*PAIR[:-1], 1.5]),
    "nested": "[" * 3000,
    "object": json.dumps({"secret": SEED.hex()}),
    "cut off": json.dumps(list(PAIR))[:-1],
    "public alone": NODE_PUBLIC,
    "another kind of secret": encode(b"\x81\x26" + SEED, "z"),
    "nothing behind": f"{NODE}:z",
    "three": f"{NODE}:{NODE_PUBLIC}:{NODE_PUBLIC}",
    "PEM": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----",
}

NO_PAIR = {
    "solana": json.dumps([*SEED, *SEED]),
    "phantom": encode_base58(PAIR[:-1] + bytes([PAIR[-1] ^ 1])),
    "node": f"{NODE}:{encode(bytes.fromhex('ed01') + SEED, 'z')}",
}


def key_file(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    """A file as a careful user keeps it."""
    path = folder / "wallet.key"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def refusal(where: str, kind: type[CeramicError] = UsageError) -> str:
    """The words in which a secret is refused; neither they nor what a traceback shows quote it."""
    with pytest.raises(kind) as raised:
        read_secret(where)
    shown = "".join(traceback.format_exception(raised.value)).replace(str(where), "")
    # The lines of this file in the traceback name no secret either.
    for secret in (SEED.hex(), SEED.hex()[:20], encode_base58(SEED)[:10], NODE[:10], str(list(SEED))[1:20]):
        assert secret not in shown
        assert secret not in str(raised.value)
    context = raised.value.__context__
    assert context is None or isinstance(context, OSError)
    return str(raised.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["", "\n", " \r\n"])
def test_every_form(form: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FORMS[form] + end
    assert read_secret(f"file:{key_file(tmp_path, text)}") == SEED
    monkeypatch.setenv(NAME, text)
    assert read_secret(f"env:{NAME}") == SEED


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["k", "z", "m", "u", "b", "f"]))
def test_any_seed(seed: bytes, base: str) -> None:
    public = bytes(SigningKey(seed).verify_key)
    texts = [
        seed.hex(),
        encode_base58(seed + public),
        json.dumps(list(seed + public)),
        encode(b"\x80\x26" + seed, base),
        f"{encode(bytes.fromhex('8026') + seed, base)}:{encode(bytes.fromhex('ed01') + public, base)}",
    ]
    with pytest.MonkeyPatch.context() as patch:
        for text in texts:
            patch.setenv(NAME, text)
            assert read_secret(f"env:{NAME}") == seed


@pytest.mark.parametrize("form", WRONG)
def test_what_is_no_secret(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = key_file(tmp_path, WRONG[form])
    assert refusal(f"file:{path}").startswith(f"{path} holds no secret key in a form that is known here: 64")
    if "\0" not in WRONG[form]:
        monkeypatch.setenv(NAME, WRONG[form])
        assert refusal(f"env:{NAME}").startswith(f"the environment variable {NAME} holds no secret key")


@pytest.mark.parametrize("form", NO_PAIR)
def test_keys_that_are_no_pair(form: str, tmp_path: Path) -> None:
    path = key_file(tmp_path, NO_PAIR[form])
    assert refusal(f"file:{path}") == f"the secret and the public key in {path} are not of one pair"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o601, 0o777])
def test_files_that_others_can_get_at(mode: int, tmp_path: Path) -> None:
    path = key_file(tmp_path, SEED.hex(), mode)
    assert refusal(f"file:{path}") == f"others can get at {path} (mode 0{mode:o}); run chmod 600 {path}"
    path.chmod(0o600)
    assert read_secret(f"file:{path}") == SEED


def test_the_advice_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "my wallet's"
    folder.mkdir()
    path = key_file(folder, SEED.hex(), 0o644)
    advice = refusal(f"file:{path}").rpartition("run ")[2]
    assert shutil.which("chmod") is not None
    subprocess.run(["sh", "-c", advice], check=True)
    assert read_secret(f"file:{path}") == SEED


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_files_of_ones_own(mode: int, tmp_path: Path) -> None:
    assert read_secret(f"file:{key_file(tmp_path, SEED.hex(), mode)}") == SEED


def test_a_link_is_as_good_as_its_file(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key_file(tmp_path, SEED.hex(), 0o644))
    assert "others can get at" in refusal(f"file:{link}")
    key_file(tmp_path, SEED.hex())
    assert read_secret(f"file:{link}") == SEED


def test_files_that_are_none(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert refusal(f"file:{pipe}") == f"{pipe} is no file"
    assert refusal(f"file:{tmp_path}") == f"{tmp_path} is no file"
    assert "No such file" in refusal(f"file:{tmp_path / 'none'}", OutsideError)
    assert "No such file" in refusal("file:nobody.key", OutsideError)


@pytest.mark.parametrize(
    "secret",
    [
        "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "a+b/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=",
        "0X" + SEED.hex(),
        "abandon ability able about above absent absorb abstract absurd abuse access accident",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_told(secret: str) -> None:
    assert secret[:12] not in refusal(f"file:{secret}")


def test_addresses_that_hold_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " https://node/key ")
    assert read_address(f"env:{NAME}") == "https://node/key"
    assert read_address(f"file:{key_file(tmp_path, 'https://node/other')}") == "https://node/other"
    assert read_address("http://127.0.0.1:8545") == "http://127.0.0.1:8545"
    with pytest.raises(UsageError):
        read_address("env:NOT_SET_ANYWHERE")


def test_large_files(tmp_path: Path) -> None:
    largest = SEED.hex() + " " * (MAX_KEY_FILE_BYTES - 64)
    assert read_secret(f"file:{key_file(tmp_path, largest)}") == SEED
    path = key_file(tmp_path, largest + " ")
    assert refusal(f"file:{path}") == f"{path} has more than {MAX_KEY_FILE_BYTES} bytes"
    assert read_private(path, MAX_KEY_FILE_BYTES + 1) == largest.encode() + b" "


def test_large_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, SEED.hex() + " " * MAX_KEY_FILE_BYTES)
    assert "holds no secret" in refusal(f"env:{NAME}")


def test_files_in_ones_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    key_file(tmp_path, SEED.hex())
    assert read_secret("file:~/wallet.key") == SEED


def test_variables_that_are_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert refusal(f"env:{NAME}") == f"the environment variable {NAME} is not set"
    monkeypatch.setenv(NAME, " \n")
    assert refusal(f"env:{NAME}") == f"the environment variable {NAME} is empty"
    assert "is empty" in refusal(f"file:{key_file(tmp_path, '')}")


@pytest.mark.parametrize("text", [*FORMS.values(), *NO_PAIR.values()])
@pytest.mark.parametrize("scheme", ["", "file:", "env:", "hex:", "FILE:"])
def test_a_secret_that_a_shell_put_there_is_not_shown(scheme: str, text: str) -> None:
    refused = refusal(scheme + text)
    assert refused.startswith("write file:PATH or env:NAME for the place of a secret")
    assert text not in refused


@pytest.mark.parametrize("text", WRONG.values())
def test_nor_is_another_one_behind_env(text: str) -> None:
    if "\0" not in text:
        refused = refusal(f"env:{text}")
        assert text not in refused


@pytest.mark.parametrize("where", ["", "file", "file:", "env:", "wallet.key", "http://x/y", ":"])
def test_what_is_no_place(where: str) -> None:
    assert refusal(where).startswith("write file:PATH or env:NAME for the place of a secret")


def test_a_secret_shows_in_no_text() -> None:
    secret = Secret(SEED)
    assert {repr(secret), str(secret), f"{secret!s}", f"{secret!r}"} == {"Secret(32 bytes)"}
    assert repr([secret]) == "[Secret(32 bytes)]"
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="can't be pickled"):
            attempt(secret)


def test_a_secret_is_as_good_as_its_bytes() -> None:
    secret = Secret(SEED)
    assert secret == SEED
    assert Ed25519Signer(secret).did == Ed25519Signer(SEED).did
    assert Secp256k1Signer(secret).did == Secp256k1Signer(SEED).did
    assert Eip191Wallet.of_secret(secret).issuer == Eip191Wallet.of_secret(SEED).issuer
