"""Errors that survive being passed on as text."""

from __future__ import annotations

from ceramic_protocol.errors import CeramicError, OutsideError, UsageError, find_marked


def test_the_last_marked_error_is_found() -> None:
    text = (
        f"Traceback\n{UsageError('first').marked} [while running 'X']\n{OutsideError('disk [full]').marked}\n"
    )
    found = find_marked(text)
    assert type(found) is OutsideError
    assert str(found) == "disk [full]"


def test_a_mark_without_end_hides_nothing() -> None:
    found = find_marked(f"[ceramic:usage] cut off\n{OutsideError('gone').marked}")
    assert type(found) is OutsideError
    assert str(found) == "gone"


def test_text_without_mark_is_no_error_of_ours() -> None:
    assert find_marked("ValueError: [ceramic] x") is None
    assert type(find_marked("[ceramic:unheard_of] x [/ceramic]")) is CeramicError
