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
    assert pickle.loads(pickle.dumps(reason)) is reason


@pytest.mark.parametrize("reason", Reason)
def test_cause_and_remedy_are_one_line_of_words_each(reason: Reason) -> None:
    for text in (reason.summary, reason.remedy):
        assert len(text.split()) >= 3
        assert len(text) < 100
        assert not re.search(r"[|\n]|[.!?]$|^[A-Z][a-z]", text)


def test_no_text_is_a_copy_of_another() -> None:
    texts = [text for reason in Reason for text in (reason.summary, reason.remedy)]
    assert len(set(texts)) == 2 * len(Reason)


def test_remedies_name_who_has_to_act() -> None:
    """The writer and those around it, or, in the imperative, whoever runs this; for one code nobody."""
    writers = r"the (writer|controller|account|author|anchor service) (has|needs)\b"
    readers = r"(ask|bring|check|copy|get|judge|look|name|restore|see|wait)\b"
    for reason in Reason:
        assert re.match(f"{writers}|{readers}|nobody has to act", reason.remedy), reason.remedy
    assert [reason for reason in Reason if reason.remedy.startswith("nobody")] == [
        Reason.ANCHOR_WRONG_CONTRACT
    ]


def test_remedies_of_what_is_pending_are_for_who_runs_this() -> None:
    """More data is what such an event needs, and no writer has to do anything."""
    assert not [
        reason for reason in Reason if reason.outcome is Outcome.PENDING and "writer" in reason.remedy
    ]


def test_codes_are_different() -> None:
    assert len(BY_CODE) == len(Reason) == len({reason.value for reason in Reason})


def test_what_more_data_could_change_is_pending() -> None:
    pending = {reason.value for reason in Reason if reason.outcome is Outcome.PENDING}
    assert pending == {
        *("prev_missing", "prev_pending", "init_missing", "model_missing", "relation_missing"),
        "payload_pruned",
        *("anchor_chain_unknown", "cacao_contract_unknown", "anchor_unconfirmed", "anchor_chain_unavailable"),
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
