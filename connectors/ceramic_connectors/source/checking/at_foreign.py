"""Is it a ceramic-one, and does its feed answer?"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from ceramic_connectors.source.checking.asking import Answer, RefusedError, Service

_VERSION: Final = "/ceramic/version"
_NETWORK: Final = "/ceramic/config/network"
_FEED: Final = "/ceramic/feed/events"


def version_of(service: Service) -> str | None:
    """The version of a ceramic-one; None for everything else.

    Raises:
        UnreachableError: nothing answers.
    """
    found = _member(service.ask(_VERSION), "version")
    return found if isinstance(found, str) else None


def network_of(service: Service) -> str:
    """The network that it belongs to.

    Raises:
        UnreachableError: nothing answers.
        RefusedError: it names none.
    """
    answer = service.ask(_NETWORK)
    found = _member(answer, "name")
    if not isinstance(found, str):
        raise RefusedError(f"{service.name} answers {answer.status} to GET {_NETWORK}, and names no network")
    return found


def check_feed(service: Service) -> str:
    """Whether its feed can be read.

    Raises:
        UnreachableError: nothing answers.
        RefusedError: it can't.
    """
    answer = service.ask(_FEED, [("resumeAt", "0"), ("limit", "1"), ("includeData", "none")])
    if answer.status != HTTPStatus.OK or not isinstance(_member(answer, "events"), list):
        said = answer.said or "no reason is told"
        raise RefusedError(f"{service.name} answers {answer.status} to GET {_FEED}: {said}")
    return f"{_FEED} can be read"


def _member(answer: Answer, name: str) -> Any:
    return answer.value.get(name) if isinstance(answer.value, dict) else None
