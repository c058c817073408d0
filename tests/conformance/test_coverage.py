"""The ledger of the vectors: which test runs which file, how many of its cases, and what is left for later.

A file without an entry fails, and so do numbers that don't add up to the cases in the file. What is left says
for which subject: `streams` (models, their states, building trees). The subjects `node` and `recon` have no
cases of their own among these files.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, Final, TypeAlias

import pytest

from ceramic_protocol.models import differences as model_differences
from tests.conformance import (
    test_identifiers,
    test_probe_decode,
    test_probe_signatures,
)
from tests.conftest import PROPERTY
from tests.support import vectors

Count: TypeAlias = Callable[[Any], int]

FOLDERS: Final = ("reference", "accounts", "consensus")
SUBJECTS: Final = {"streams", "node", "recon"}


def answers(vector: Any) -> int:
    """A list of answers, or one."""
    wanted = vector["expected"]
    return len(wanted) if isinstance(wanted, list) else 1


def none(_vector: Any) -> int:
    """No cases."""
    return 0


def one(_vector: Any) -> int:
    """The file is one case."""
    return 1


def cases(vector: Any) -> int:
    """The members of `cases`."""
    return len(vector["cases"])


def trees(vector: Any) -> int:
    """The members of `trees`."""
    return len(vector["trees"])


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of a file's cases; `numbers` are those of the project's own vectors: run and left."""

    numbers: tuple[int, int]
    module: str | None = None
    ran: Count = answers
    left: Count = none
    total: Count = answers
    subject: str | None = None
    note: str = ""


def run_by(module: str, number: int, count: Count = answers, note: str = "") -> Entry:
    """All cases run."""
    return Entry((number, 0), module, ran=count, total=count, note=note)


def left_for(subject: str, number: int, count: Count = answers, note: str = "") -> Entry:
    """No case runs yet."""
    return Entry((0, number), None, ran=none, left=count, total=count, subject=subject, note=note)


CONFORMANCE: Final = "tests.conformance"
CARS: Final = f"{CONFORMANCE}.test_reference_cars"
ANCHORS: Final = f"{CONFORMANCE}.test_reference_events"
BUILDERS: Final = f"{CONFORMANCE}.test_builders"
SIGNATURES: Final = f"{CONFORMANCE}.test_probe_signatures"
MERKLE: Final = f"{CONFORMANCE}.test_merkle"
ACCOUNTS: Final = f"{CONFORMANCE}.test_accounts"
CACAO: Final = f"{CONFORMANCE}.test_cacao"
CAPABILITIES: Final = f"{CONFORMANCE}.test_reference_capabilities"


def identifiers(file: str, count: Count) -> Entry:
    """A file of `test_identifiers`, whose checks tell what they ran."""
    check = test_identifiers.CHECKS[file]

    def ran(vector: Any) -> int:
        return len(list(check(vector["input"], vector["expected"])))

    number = test_identifiers.CASES[file]
    return Entry((number, 0), f"{CONFORMANCE}.test_identifiers", ran=ran, total=count)


def sdk_texts(vector: Any) -> int:
    """Forms of a StreamID and three CommitIDs, and texts to be parsed or refused."""
    wanted = vector["expected"]
    return 4 + 1 + sum(len(wanted[name]) for name in wanted if name.startswith("parse_"))


def signed_fixtures(file: str, number: int) -> Entry:
    """Events of the SDK, signed ones and one that isn't."""

    def total(vector: Any) -> int:
        return sum(name.endswith(("Event", "Signature")) or "Capability" in name for name in metas(vector))

    def ran(vector: Any) -> int:
        return 1 + len(vector["expected"]["events"])

    assert file.startswith("rust_validation_")
    return Entry((number, 0), SIGNATURES, ran=ran, total=total)


def metas(vector: Any) -> list[str]:
    """The members of a fixture's root."""
    return list(vector["expected"]["root_meta"])


LEDGER: Final[dict[str, Entry]] = {
    # Identifiers.
    "reference/rust_streamid_metamodel.json": identifiers("rust_streamid_metamodel.json", one),
    "reference/rust_streamid_roundtrip.json": identifiers("rust_streamid_roundtrip.json", one),
    "reference/rust_eventid_networks.json": identifiers("rust_eventid_networks.json", answers),
    "reference/rust_eventid_cbor.json": identifiers("rust_eventid_cbor.json", one),
    "reference/rust_eventid_fenceposts.json": identifiers(
        # `cid_of_fenceposts` is what all the others are asked.
        "rust_eventid_fenceposts.json",
        lambda vector: len(vector["expected"].keys() - {"cid_of_fenceposts"}),
    ),
    "reference/rust_eventid_from_car.json": identifiers("rust_eventid_from_car.json", answers),
    "reference/rust_interest_api.json": identifiers(
        "rust_interest_api.json", lambda vector: len(vector["expected"]["interest_strings"])
    ),
    "reference/rust_interest_roundtrip.json": identifiers("rust_interest_roundtrip.json", answers),
    "reference/rust_sha256a.json": identifiers("rust_sha256a.json", answers),
    "reference/rust_peer_key.json": identifiers("rust_peer_key.json", one),
    "reference/rust_probe_cbor_ids.json": identifiers("rust_probe_cbor_ids.json", answers),
    "reference/sdk_stream_commit_id.json": identifiers("sdk_stream_commit_id.json", sdk_texts),
    # CARs and events.
    "reference/rust_car_cacao_signed_data_event.json": run_by(CARS, 1),
    "reference/rust_car_data_event_unsigned_init.json": run_by(CARS, 1),
    "reference/rust_car_gitcoin_cacao.json": run_by(CARS, 1, note="refused: the root's hash is wrong"),
    "reference/rust_car_gitcoin_model.json": run_by(CARS, 1),
    "reference/rust_car_signed_data_event.json": run_by(CARS, 1),
    "reference/rust_car_signed_init_event.json": run_by(CARS, 1),
    "reference/rust_car_time_event_multi_event_batch.json": run_by(CARS, 1),
    "reference/rust_car_time_event_single_event_batch.json": run_by(CARS, 1),
    "reference/rust_car_unsigned_init_event.json": run_by(CARS, 1),
    "reference/rust_car_unsigned_init_no_sep.json": run_by(CARS, 1),
    "reference/rust_carfile_carv1_basic.json": run_by(CARS, 1),
    "reference/rust_carfile_testv1.json": run_by(CARS, 1),
    "reference/rust_cas_witness_car.json": run_by(CARS, 1),
    "reference/js_cas_response.json": run_by(CARS, 1, one),
    "reference/rust_probe_decode_car.json": run_by(f"{CONFORMANCE}.test_probe_decode", 94),
    "reference/rust_build_data_payload.json": run_by(BUILDERS, 1),
    "reference/rust_build_signed_init.json": run_by(BUILDERS, 1),
    "reference/rust_conclusion_events.json": run_by(BUILDERS, 6),
    "reference/rust_dagcbor_structs.json": run_by(BUILDERS, 2),
    "reference/rust_time_event_no_tree.json": run_by(BUILDERS, 1),
    "reference/rust_eth_tx_hash_cid.json": run_by(ANCHORS, 3),
    "reference/rust_eth_tx_input.json": run_by(ANCHORS, 4),
    # Signatures and accounts.
    "reference/rust_probe_verify_signature.json": run_by(SIGNATURES, 70),
    "reference/accounts_official.json": run_by(ACCOUNTS, 55, cases),
    "reference/rust_validation_key_ed25519.json": signed_fixtures("rust_validation_key_ed25519.json", 5),
    "reference/rust_validation_key_ecdsa_p256.json": signed_fixtures(
        "rust_validation_key_ecdsa_p256.json", 5
    ),
    "reference/rust_validation_key_webauthn.json": signed_fixtures("rust_validation_key_webauthn.json", 15),
    "reference/rust_validation_pkh_ethereum.json": signed_fixtures("rust_validation_pkh_ethereum.json", 15),
    "reference/rust_validation_pkh_solana.json": signed_fixtures("rust_validation_pkh_solana.json", 15),
    "reference/rust_gitcoin_cacao_from_pieces.json": run_by(CACAO, 1),
    "reference/rust_cacao_access.json": run_by(CAPABILITIES, 6),
    "reference/rust_cacao_time_checks.json": run_by(CAPABILITIES, 7),
    "reference/rust_siwx_message.json": run_by(CACAO, 1),
    "reference/siwx_ethereum_messages.json": run_by(CACAO, 47, cases),
    "accounts/jws.json": run_by(ACCOUNTS, 26, cases),
    "accounts/negative.json": run_by(ACCOUNTS, 77, cases),
    "accounts/cacao.json": run_by(ACCOUNTS, 45, cases),
    "accounts/did.json": run_by(f"{CONFORMANCE}.test_dids", 33, cases),
    "accounts/messages.json": run_by(CACAO, 13, cases),
    "consensus/cacao_time.json": run_by(
        f"{CONFORMANCE}.test_cacao_time", 15, lambda vector: len(vector["rows"])
    ),
    # Streams.
    "reference/rust_anchor_merkle_trees.json": run_by(MERKLE, 5),
    "reference/rust_index_to_path.json": run_by(MERKLE, 14),
    "consensus/scenarios.json": run_by(
        f"{CONFORMANCE}.test_consensus", 33, lambda vector: len(vector["scenarios"])
    ),
    "consensus/fuzz.json": run_by(f"{CONFORMANCE}.test_consensus", 280, trees),
    "consensus/merkle_js_cas.json": run_by(MERKLE, 36, trees),
    "consensus/merkle_rust.json": run_by(MERKLE, 18, trees),
    "consensus/mid_state.json": run_by(f"{CONFORMANCE}.test_models", 39, cases),
    "consensus/model_validate.json": run_by(f"{CONFORMANCE}.test_models", 45, cases),
}

FILES: Final = [f"{folder}/{name}" for folder in FOLDERS for name in vectors.names(folder)]


def read(file: str) -> Any:
    """A file by its folder and name."""
    folder, name = file.split("/")
    return vectors.read_json(vectors.folder(folder) / name)


@pytest.mark.parametrize("file", FILES)
def test_every_case_runs_or_is_left_for_a_subject(
    file: str, record_property: Callable[[str, object], None]
) -> None:
    if file not in LEDGER and vectors.is_named():
        pytest.skip("a file that the project's own vectors don't have")
    assert file in LEDGER, "a new file: say in the ledger what runs it"
    entry = LEDGER[file]
    vector = read(file)
    ran, left = entry.ran(vector), entry.left(vector)
    assert ran + left == entry.total(vector), f"{ran} run and {left} left"
    if not vectors.is_named():
        assert (ran, left) == entry.numbers
    assert (entry.subject in SUBJECTS) or not left
    assert (entry.module is not None) or not ran
    record_property(PROPERTY, line(file, entry, ran, left))


def line(file: str, entry: Entry, ran: int, left: int) -> str:
    """What the summary says of a file."""
    words = [f"{file}: {ran} run" + (f" ({entry.module.rsplit('.', 1)[-1]})" if entry.module and ran else "")]
    if left:
        words.append(f"{left} left for {entry.subject}")
    return ", ".join(words) + (f"; {entry.note}" if entry.note else "")


@pytest.mark.skipif(vectors.is_named(), reason="other vectors than the project's own")
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_missing(folder: str) -> None:
    wanted = {file for file in LEDGER if file.startswith(f"{folder}/")}
    found = {f"{folder}/{path.name}" for path in vectors.folder(folder).glob("*.json")}
    assert found == wanted


@pytest.mark.parametrize("file", [file for file, entry in LEDGER.items() if entry.module])
def test_the_module_names_the_file(file: str) -> None:
    module = LEDGER[file].module
    assert module is not None
    source = inspect.getsource(importlib.import_module(module))
    patterns = re.findall(r'"([\w*]+\.json)"', source)
    assert any(fnmatch(file.split("/")[1], pattern) for pattern in patterns)


def test_every_difference_is_explained_to_the_reader() -> None:
    text = (vectors.PROJECT / "docs" / "deviations.md").read_text(encoding="utf-8")
    explained = set(re.findall(r'<a id="([\w-]+)"></a>', text))
    for differences in (
        test_probe_decode.DIFFERENCES,
        test_probe_signatures.DIFFERENCES,
        model_differences.DIFFERENCES,
    ):
        assert differences.keys() <= explained
