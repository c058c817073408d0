"""A configuration as a file: every setting with its meaning, and where its value comes from."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from ceramic_connectors.config.loading import MASKED, Given, Loaded
from ceramic_connectors.config.settings import Setting
from ceramic_protocol.plain_text import plain


def config_text(loaded: Loaded[Any]) -> str:
    """TOML that gives the same configuration.

    What may hold a secret is masked; such a file asks for these values again, from the environment or a flag.
    """
    help_line = f"`{loaded.program.command} --help` explains."
    parts = [f"# Flags override the environment, which overrides this file. {help_line}\n"]
    for group, settings in groupby(loaded.program.settings, key=lambda setting: setting.group):
        parts.append(f"\n# {group}\n\n")
        parts += (_lines(setting, loaded.given[setting.name]) for setting in settings)
    return "".join(parts)


def _lines(setting: Setting, given: Given) -> str:
    value, masked = _value(setting, given)
    line = f"{setting.name} = {value}" if value else f"# {setting.name} ="
    return f"{line}  # {plain(given.origin)}{', masked' if masked else ''}\n"


def _value(setting: Setting, given: Given) -> tuple[str, bool]:
    if given.texts is None:
        return "", False
    if isinstance(given.texts, str):
        return _quoted(setting, given.texts)
    items = [_quoted(setting, text) for text in given.texts]
    return f"[{', '.join(text for text, _masked in items)}]", any(masked for _text, masked in items)


def _quoted(setting: Setting, text: str) -> tuple[str, bool]:
    shown = setting.kind.shown(text)
    masked = shown != text
    if setting.kind.is_plain:
        # As the value and not as the text, which may have forms that TOML doesn't know.
        return json.dumps(setting.kind.parse(text)), masked
    # JSON's strings are TOML's, but for DEL and what lies beyond 16 bits.
    quoted = json.dumps(MASKED + shown if masked else shown, ensure_ascii=False)
    return quoted.replace("\x7f", "\\u007f"), masked
