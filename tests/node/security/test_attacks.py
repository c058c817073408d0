"""Every attack of the list is tried against a node, and ends as the page on security says."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.node.operation.running import running
from tests.node.security.attack import ADMIN, BOTH, READ, WRITE, Attack
from tests.node.security.attacks import ATTACKS, MARK, PAGE, table

TOKENS = {READ: "read", WRITE: "write", BOTH: "read,write", ADMIN: "admin"}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    lines = [f"t{number} {scopes} {_hash(secret)}" for number, (secret, scopes) in enumerate(TOKENS.items())]
    lines.append(f"old admin {_hash('cst_' + 'e' * 43)} expires=2020-01-01T00:00:00Z")
    path.write_text("\n".join(lines))
    path.chmod(0o600)
    return path


def _hash(secret: str) -> str:
    return f"sha256:{sha256(secret.encode()).hexdigest()}"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.run.__name__)
def test_attack(attack: Attack, tokens: Path) -> None:
    flags: dict[str, Any] = dict(attack.flags)
    if attack.needs_tokens:
        flags["tokens"] = str(tokens)
    with running(**flags) as node:
        attack.run(node)
        # Whatever was tried, the node goes on, has failed nowhere and keeps nothing of it.
        samples = node.metrics()
        assert not [name for name in samples if name.startswith("ceramic_http_failures_total{")]
        assert not [name for name in samples if 'status="500"' in name and "peers" not in name]
        assert node.ask("/health").status in {200, 429}
        until = time.monotonic() + 60
        names = ("ceramic_http_bodies_bytes", "ceramic_http_requests_under_way")
        while any(node.metrics()[name] for name in names):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_the_page_says_what_was_tried() -> None:
    assert PAGE.read_text(encoding="utf-8").partition(MARK)[2] == table(), (
        "run python -m tests.node.security.attacks"
    )
