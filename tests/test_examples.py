"""The worked examples do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import write_as_wallet
from tests.support import cli

SECRET = bytes(range(1, 33))


@pytest.mark.parametrize("options", [[], ["--solana"]])
def test_what_is_written_as_a_wallet_is_valid(options: list[str], tmp_path: Path) -> None:
    key, output = tmp_path / "wallet.key", tmp_path / "events.ndjson"
    key.write_text(SECRET.hex())
    key.chmod(0o600)
    write_as_wallet.main(["--key", f"file:{key}", "--output", str(output), *options])
    result = cli.run("verify", f"ndjson:{output}")
    assert result.exit_code == 0, result.stderr
    assert [(line["kind"], line["verdict"]) for line in cli.lines(result)] == [
        ("init", "valid"),
        ("init", "valid"),
        ("data", "valid"),
    ]
    assert SECRET.hex() not in output.read_text()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, output = tmp_path / "wallet.key", tmp_path / "events.ndjson"
    key.write_text(SECRET.hex())
    key.chmod(0o644)
    with pytest.raises(SystemExit) as raised:
        write_as_wallet.main(["--key", f"file:{key}", "--output", str(output)])
    assert raised.value.code == 1
    assert capsys.readouterr().err == f"error: others can get at {key} (mode 0644); run chmod 600 {key}\n"
    assert not output.exists()
