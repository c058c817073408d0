"""The log: lines to read or JSON, each with the request that it belongs to, without secrets."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any, Final

from ceramic_connectors.config.values import LogFormat, LogLevel
from ceramic_connectors.watching.secrets import Censor
from ceramic_protocol.limits import MAX_LOGGED_CHARS
from ceramic_protocol.plain_text import plain

OURS: Final = ("ceramic_node", "ceramic_connectors", "ceramic_protocol", "ceramic_pipelines")
"""Parents of our loggers, which are called as their modules."""

REQUEST_ID: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""Of the request that is being worked on."""

_OTHERS: Final = ("aiohttp", "asyncio", "kafka", "opentelemetry")
_TRACE_FACTOR: Final = 10
_FIELDS: Final = "fields"


def fields(**values: object) -> dict[str, dict[str, object]]:
    """What goes into `extra` of a line: members of their own in JSON, `name=value` in text."""
    return {_FIELDS: values}


class _Lines(logging.Formatter):
    """What both forms have in common."""

    def __init__(self, censor: Censor) -> None:
        super().__init__()
        self._censor = censor

    def _message(self, record: logging.LogRecord) -> str:
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            text = str(record.msg)
        return self._clean(text)

    def _members(self, record: logging.LogRecord) -> dict[str, Any]:
        found = getattr(record, _FIELDS, {})
        return {
            name: value if value is None or isinstance(value, bool | int | float) else self._clean(str(value))
            for name, value in found.items()
        }

    def _trace(self, record: logging.LogRecord) -> str:
        if record.exc_info is None or record.exc_info[0] is None:
            return ""
        whole = self._censor.clean(self.formatException(record.exc_info))
        return whole[-MAX_LOGGED_CHARS * _TRACE_FACTOR :]

    def _clean(self, text: str) -> str:
        # Cut with room for a secret that begins before the end, and again when it is hidden.
        return plain(self._censor.clean(text[: 2 * MAX_LOGGED_CHARS]), MAX_LOGGED_CHARS)


class JsonLines(_Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line |= {name: value for name, value in self._members(record).items() if name not in line}
        if trace := self._trace(record):
            line["trace"] = trace
        return json.dumps(line, ensure_ascii=False)


class TextLines(_Lines):
    """A line to read."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback takes several, indented."""
        parts = [_moment(record), f"{record.levelname:<7}", self._message(record)]
        parts += (f"{name}={value}" for name, value in self._members(record).items() if value is not None)
        if request_id := REQUEST_ID.get():
            parts.append(f"request_id={request_id}")
        trace = "".join(f"\n    {plain(line)}" for line in self._trace(record).splitlines())
        return " ".join(parts) + trace


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def start_logging(
    form: LogFormat, level: LogLevel, censor: Censor, stream: IO[str] | None = None
) -> logging.Handler:
    """Send what is logged to stderr, or another stream; `stop_logging` ends that."""
    handler = logging.StreamHandler(stream or sys.stderr)
    weight = logging.getLevelNamesMapping()[level.value.upper()]
    handler.setFormatter((JsonLines if form is LogFormat.JSON else TextLines)(censor))
    for name in (*OURS, *_OTHERS):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(weight if name in OURS else max(logging.WARNING, weight))
    return handler


def stop_logging(handler: logging.Handler) -> None:
    """Log as before `start_logging`."""
    for name in (*OURS, *_OTHERS):
        logger = logging.getLogger(name)
        logger.removeHandler(handler)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    handler.close()
