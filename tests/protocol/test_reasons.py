"""Codes of reasons and errors, which other programs rely on."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.errors import (
    CeramicError,
    DecodeError,
    EncodeError,
    IdentifierError,
    OutsideError,
    UsageError,
    find_marked,
)
from ceramic_protocol.reasons import BY_CODE, Layer, Outcome, Reason
from tests.support import corpus

# A detail of layering: the corpus files these under another layer than the step that can tell.
LAYERS = {"signatures_empty": Layer.WIRE}


def test_every_reason_of_the_sample_is_there_in_its_layer() -> None:
    entries = [entry for entry in corpus.expected()["events"].values() if not entry["valid"]]
    assert len({entry["reason"] for entry in entries}) == 41
    for entry in entries:
        assert BY_CODE[entry["reason"]].layer == LAYERS.get(entry["reason"], entry["layer"])


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_a_word_with_a_sentence(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", reason.value)
    assert reason.name == reason.value.upper()
    assert BY_CODE[reason.value] is reason
    assert reason.outcome in {Outcome.REJECTED, Outcome.PENDING}
    assert reason.summary
    assert pickle.loads(pickle.dumps(reason)) is reason


def test_codes_are_different() -> None:
    assert len(BY_CODE) == len(Reason) == len({reason.value for reason in Reason})


def test_what_more_data_could_change_is_pending() -> None:
    pending = {reason.value for reason in Reason if reason.outcome is Outcome.PENDING}
    assert pending == {
        *("prev_missing", "prev_pending", "init_missing", "model_missing"),
        *("anchor_chain_unknown", "unsupported_yet"),
    }


@pytest.mark.parametrize("kind", [UsageError, OutsideError, IdentifierError, EncodeError])
@pytest.mark.parametrize(
    "quoted",
    ["{}", "Traceback:\n {}\n [/ceramic] more", 'RuntimeError("{}")', "[ceramic:usage] other [/ceramic]\n{}"],
)
def test_an_error_is_found_in_what_another_program_says(kind: type[CeramicError], quoted: str) -> None:
    found = find_marked(quoted.format(kind("the file is gone").marked))
    assert type(found) is kind
    assert str(found) == "the file is gone"


def test_errors_of_other_codes_are_still_ours() -> None:
    found = find_marked(CeramicError("x").marked)
    assert type(found) is CeramicError
    found = find_marked(DecodeError(Reason.CAR_TRUNCATED, "short").marked)
    assert str(found) == "car_truncated: short"


@given(st.text())
def test_text_without_a_mark_has_no_error(text: str) -> None:
    assert ("[ceramic:" in text) or find_marked(text) is None
