"""A program's configuration from files, the environment and flags, by one definition."""

from ceramic_connectors.config.loading import Given, Loaded, load
from ceramic_connectors.config.printing import config_text
from ceramic_connectors.config.settings import Program, Setting, maybe, needed, one, some
from ceramic_connectors.config.values import Address, LogFormat, LogLevel

__all__ = [
    "Address",
    "Given",
    "Loaded",
    "LogFormat",
    "LogLevel",
    "Program",
    "Setting",
    "config_text",
    "load",
    "maybe",
    "needed",
    "one",
    "some",
]
