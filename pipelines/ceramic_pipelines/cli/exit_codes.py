"""What an error makes of the exit code (design.md 4.2).

0 done, 1 the data had a problem that the command was asked to find, 2 wrong usage, 3 an outside system
failed.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol.errors import CeramicError, IdentifierError, OutsideError, UsageError

FOUND: Final = 1
USAGE: Final = 2
OUTSIDE: Final = 3

_BY_TYPE: Final = ((UsageError, USAGE), (IdentifierError, USAGE), (OutsideError, OUTSIDE))
# By their codes: the extra that they come from may not be installed.
_BY_CODE: Final = {"store_in_use": OUTSIDE, "store_too_new": USAGE}


def exit_code(error: CeramicError) -> int:
    """That of a command which ends with an error."""
    found = next((code for kind, code in _BY_TYPE if isinstance(error, kind)), FOUND)
    return _BY_CODE.get(error.code, found)
