"""The rules of each profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ceramic_protocol.profiles.ceramic_one import CeramicOne
from ceramic_protocol.profiles.js import Js
from ceramic_protocol.profiles.profile import AccountRules, Profile
from ceramic_protocol.profiles.strict import Strict

ACCOUNT_RULES: Final[Mapping[Profile, AccountRules]] = {
    Profile.STRICT: Strict(),
    Profile.JS: Js(),
    Profile.CERAMIC_ONE: CeramicOne(),
}
"""Which rules go by which name."""
