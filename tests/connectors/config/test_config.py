"""Configuration of any program: from where it comes, what is refused, and how it is printed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.config import config_text, load
from ceramic_connectors.config.kinds import DID, STREAM_ID, mask_address
from ceramic_protocol.errors import OutsideError, UsageError
from tests.connectors.config.bakery import BAKERY, Bakery, loaded

KEY = "0123456789abcdefsecret"
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bakery.toml"


def test_a_flag_overrides_the_environment_which_overrides_the_file(file: Path) -> None:
    file.write_text('oven = "small"\nheat = 1\nrest = 2\nbread = ["oat"]\n')
    environ = {"CERAMIC_STREAMS_HEAT": "2", "CERAMIC_STREAMS_REST": "3"}
    found = load(BAKERY, {"rest": "4", "stock": None}, environ, file)
    assert found.config == Bakery("small", 2, 4.0, ("oat",))
    assert found.program is BAKERY
    origins = {name: each.origin for name, each in found.given.items()}
    assert origins["oven"] == f"file {file}"
    assert origins["heat"] == "environment CERAMIC_STREAMS_HEAT"
    assert origins["rest"] == "flag --rest"
    assert origins["stock"] == "default"


def test_what_has_to_be_given_is_asked_for(file: Path) -> None:
    file.write_text("heat = 1\n")
    with pytest.raises(UsageError, match=r"--oven \(or CERAMIC_STREAMS_OVEN\) is missing: Name of the oven"):
        load(BAKERY, {}, {}, file)
    assert load(BAKERY, {}, {"CERAMIC_STREAMS_OVEN": "x"}).config.oven == "x"
    assert [setting.name for setting in BAKERY.settings if setting.is_needed] == ["oven"]


def test_its_check_has_the_last_word() -> None:
    with pytest.raises(UsageError, match="--is-open needs --bread"):
        loaded({"is_open": "true"}, {"CERAMIC_STREAMS_BREAD": ""})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {
            "oven": TEXTS,
            "heat": st.integers(0, 400).map(str),
            "rest": st.floats(0, 60).map(repr),
            "bread": st.lists(TEXTS, min_size=1, max_size=3),
            "is_open": st.booleans().map(str),
        }
    )
)
def test_what_is_printed_gives_the_same_again(file: Path, flags: dict[str, str | list[str]]) -> None:
    found = load(BAKERY, {**flags, "recipe": "env:RECIPE"})
    file.write_text(config_text(found), encoding="utf-8")
    assert load(BAKERY, {}, {}, file).config == found.config
    assert "`bakery run --help`" in file.read_text(encoding="utf-8")


def test_slips_in_the_environment_are_told_unless_they_are_another_programs() -> None:
    environ = {"CERAMIC_STREAMS_HAET": "1", "CERAMIC_STREAMS_BREADS": "x", "CERAMIC_STREAMS_TOKEN": "x"}
    first, second = loaded({}, environ).warnings
    assert "CERAMIC_STREAMS_BREADS" in first
    assert "CERAMIC_STREAMS_HEAT?" in second
    assert loaded({}, environ, None, ["CERAMIC_STREAMS_BREADS"]).warnings == (second,)


@pytest.mark.parametrize(
    "text", ["me", "did:", "did:key:", "did:key:a b", "did:key:" + "z" * 5000, " did:key:z"]
)
def test_no_did(text: str) -> None:
    with pytest.raises(UsageError, match="no DID"):
        DID.parse(text)


def test_identifiers_as_texts() -> None:
    stream = "kjzl6hvfrbw6c5ykyyjq0v80od0nhdimprq7j2pccg1l100ktiiqcc01ddka001"
    assert STREAM_ID.parse(f" ceramic://{stream} ") == stream
    assert DID.parse("did:key:z6Mk") == "did:key:z6Mk"
    with pytest.raises(UsageError, match="no StreamID"):
        STREAM_ID.parse("k1")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://localhost:8545", "http://localhost:8545"),
        ("http://localhost:8545/", "http://localhost:8545/"),
        ("https://host/key", "https://host/***"),
        ("https://host?key=1", "https://host/***"),
        ("https://user@host", "https://host/***"),
        ("env:NAME", "env:NAME"),
        ("file:/x", "file:/x"),
        ("htps://host/key", "***"),
    ],
)
def test_what_of_an_address_is_shown(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heet = 1", "no setting 'heet'; heat?"),
        ("heat = [1]", "heat has to be one value"),
        ("bread = 'x'", "bread has to be a list"),
        ("[heat]\na = 1", "heat has to be one value"),
        ("bread = [[1]]", "bread has to be a list"),
        ("heat = 2020-01-01", "heat has to be one value"),
        ("heat =", "is not TOML"),
        ("heat = 1\nheat = 2", "is not TOML"),
        ("a = " + "[" * 3000, "is not TOML"),
    ],
)
def test_files_that_make_no_sense(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=r"bakery\.toml") as caught:
        load(BAKERY, {}, {}, file)
    assert words in str(caught.value)


def test_a_file_that_is_not_there_or_far_too_large(file: Path) -> None:
    with pytest.raises(OutsideError, match="No such file"):
        load(BAKERY, {}, {}, file)
    file.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(UsageError, match="more than"):
        load(BAKERY, {}, {}, file)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("forever", None), ("30d", 30 * 86_400), ("12H", 43_200), ("90m", 5_400), ("0s", 0), (" 7s ", 7)],
)
def test_a_retention(text: str, seconds: int | None) -> None:
    found = loaded({"kept": text})
    assert found.config.kept == seconds
    assert tomllib.loads(config_text(found))["kept"] == text


@pytest.mark.parametrize("text", ["", "30", "-1d", "1w", "1.5d", "forever 1d", "99999999d"])
def test_no_retention(text: str) -> None:
    with pytest.raises(UsageError):
        loaded({"kept": text or "d"})
