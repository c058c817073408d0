"""The Connect worker and the schema registry answer as their users expect."""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.services.connect import ConnectWorker
from infra.services.registry import Registry
from tests.support.services import check, shared_broker, telling


def ask(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request(method, parts.path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_worker(tmp_path: Path) -> None:
    servers = shared_broker().plain
    with telling():
        worker = ConnectWorker(tmp_path, servers)
        worker.start()
    try:
        assert ask("GET", f"{worker.url}/connectors") == (200, [])
        assert ask("GET", f"{worker.url}/")[1]["version"] == "4.3.1"
        assert ask("GET", f"{worker.url}/connectors/none")[0] == 404
    finally:
        worker.stop()
    with pytest.raises(ProcessLookupError):
        os.killpg(worker.pid, 0)


def test_a_registry(tmp_path: Path) -> None:
    check()
    with telling():
        registry = Registry(tmp_path)
        registry.start()
    try:
        schema = {"schema": json.dumps({"type": "record", "name": "R", "fields": []})}
        code, told = ask("POST", f"{registry.url}/subjects/t-value/versions", schema)
        assert code == 200
        assert ask("GET", f"{registry.url}/schemas/ids/{told['id']}")[0] == 200
        assert ask("GET", f"{registry.url}/subjects") == (200, ["t-value"])
        assert ask("GET", f"{registry.url}/subjects/none/versions")[1]["error_code"] == 40401
    finally:
        registry.stop()
