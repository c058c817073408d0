"""Configuration: from where it comes, what is refused, and how it is printed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ceramic_connectors.config import Address, Loaded, config_text
from ceramic_connectors.config import load as load_any
from ceramic_node.config import NODE, Durability, NodeConfig
from ceramic_protocol.errors import UsageError
from ceramic_protocol.networks import IN_MEMORY, Network
from ceramic_protocol.profiles.profile import Profile

KEY = "0123456789abcdefsecret"
RPC = f"https://user:{KEY}@rpc.example/v3/{KEY}?key={KEY}"


def load(
    flags: Mapping[str, str | Sequence[str] | None] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Loaded[NodeConfig]:
    return load_any(NODE, flags, environ, file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "node.toml"


def test_a_flag_overrides_the_environment_which_overrides_the_file(file: Path) -> None:
    file.write_text('network = "local-1"\nskew = 1\nmax_body = "1KiB"\ncors_origins = ["http://a"]\n')
    environ = {"CERAMIC_STREAMS_NETWORK": "local-2", "CERAMIC_STREAMS_SKEW": "2", "CERAMIC_STREAMS_GRACE": ""}
    loaded = load({"network": "local-3", "grace": None, "rpc": ()}, environ, file)
    config = loaded.config
    assert (config.network, config.skew, config.max_body) == (Network.local(3), 2, 1024)
    assert config.cors_origins == ("http://a",)
    origins = {name: given.origin for name, given in loaded.given.items()}
    assert origins["network"] == "flag --network"
    assert origins["skew"] == "environment CERAMIC_STREAMS_SKEW"
    assert origins["max_body"] == f"file {file}"
    assert origins["grace"] == "default"


def test_the_environment_names_the_file_and_takes_lists_with_commas(file: Path) -> None:
    file.write_text("skew = 7\n")
    environ = {
        "CERAMIC_STREAMS_CONFIG": str(file),
        "CERAMIC_STREAMS_CORS_ORIGINS": "http://a, http://b:1",
        "CERAMIC_STREAMS_ALLOWED_HOSTS": "",
    }
    config = load({}, environ).config
    assert (config.skew, config.cors_origins, config.allowed_hosts) == (7, ("http://a", "http://b:1"), ())


def test_without_anything_it_is_safe_and_like_ceramic_one() -> None:
    config = load().config
    assert config == NodeConfig()
    assert config.network.name == "testnet-clay"
    assert config.bind == Address("127.0.0.1", 5101)
    assert config.bind.is_loopback
    assert config.folder == Path("~/.ceramic-streams/testnet-clay").expanduser()
    assert (config.durability, config.seconds_of_grace) == (Durability.NORMAL, 86_400)
    assert load({"network": "inmemory"}).config.folder is None
    assert load({"network": "inmemory", "store": "x"}).config.folder == Path("x")
    assert load({"network": "in-memory"}).config.network == IN_MEMORY
    assert load({"profile": "ceramic-one"}).config.seconds_of_grace == 0
    assert load({"profile": "ceramic-one", "grace": "5"}).config.seconds_of_grace == 5


def test_what_is_printed_is_a_file_that_gives_the_same(file: Path) -> None:
    flags = {
        "network": "local-7",
        "store": 'a "b" \\ é',
        "rpc": ["http://localhost:8545", "env:MY_RPC"],
        "anchor_contract": ["eip155:1337=0x" + "Ab" * 20],
        "interests": [
            "model:kjzl6hvfrbw6c5ykyyjq0v80od0nhdimprq7j2pccg1l100ktiiqcc01ddka001",
            "controller:did:key:z6Mk",
        ],
        "bind": "[::1]:0",
        "allow_open": "yes",
        "durability": "full",
        "profile": "js",
        "grace": "1_000",
        "idle_seconds": "1e1",
        "max_body": "2 MiB",
        "metrics": "127.0.0.1:9464",
    }
    loaded = load(flags)
    assert loaded.config.profile is Profile.JS
    file.write_text(config_text(loaded), encoding="utf-8")
    again = load({}, {}, file)
    assert again.config == loaded.config
    assert {given.origin for given in again.given.values()} <= {"default", f"file {file}"}
    assert "flag --network" in file.read_text()


def test_the_defaults_can_be_printed_and_read_again(file: Path) -> None:
    file.write_text(config_text(load()))
    assert load({}, {}, file).config == NodeConfig()
    assert len(tomllib.loads(file.read_text())) < len(NODE.settings)
    for setting in NODE.settings:
        assert f"{setting.name} =" in file.read_text()


def test_secrets_are_masked_and_asked_for_again(file: Path) -> None:
    loaded = load({"rpc": ["http://localhost:8545", RPC]})
    text = config_text(loaded)
    assert KEY not in text
    assert '"masked:https://rpc.example/***"' in text
    assert '"http://localhost:8545"' in text
    file.write_text(text)
    with pytest.raises(UsageError, match=r"rpc|masked"):
        load({}, {}, file)
    given_again = load({}, {"CERAMIC_STREAMS_RPC": f"http://localhost:8545,{RPC}"}, file)
    assert given_again.config == loaded.config


def test_errors_name_where_the_value_comes_from_and_repeat_no_secret(file: Path) -> None:
    file.write_text('skew = "soon"\n')
    for flags, environ, path, words in (
        ({"bind": "nonsense"}, {}, None, "flag --bind: 'nonsense' is no address"),
        ({}, {"CERAMIC_STREAMS_NETWORK": "maninet"}, None, "environment CERAMIC_STREAMS_NETWORK: 'maninet'"),
        ({}, {}, file, f"file {file}: 'soon' is no whole number from 0"),
        ({"rpc": [f"htps://host/{KEY}"]}, {}, None, "flag --rpc: an endpoint is an address"),
    ):
        with pytest.raises(UsageError) as caught:
            load(flags, environ, path)
        assert words in str(caught.value)
        assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bind", "5101"),
        ("bind", "host:99999"),
        ("bind", "[zz]:1"),
        ("bind", "::1:5101"),
        ("store", " "),
        ("max_body", "0"),
        ("max_body", "1 TiB"),
        ("max_body", "-1"),
        ("skew", "-1"),
        ("skew", "1.5"),
        ("skew", "9" * 30),
        ("idle_seconds", "nan"),
        ("idle_seconds", "inf"),
        ("idle_seconds", "0"),
        ("allow_open", "maybe"),
        ("durability", "none"),
        ("cors_origins", "app.example"),
        ("cors_origins", "https://app.example/path"),
        ("allowed_hosts", "https://app.example"),
        ("anchor_contract", "eip155:1=0x12"),
        ("interests", "model:"),
        ("interests", "model:k1"),
        ("interests", "controller:me"),
        ("interests", "everything"),
        ("network", "local"),
        ("network", "local-4294967296"),
        ("tie_break", "random"),
    ],
)
def test_values_that_make_no_sense(name: str, text: str) -> None:
    is_list = next(setting for setting in NODE.settings if setting.name == name).is_list
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')}"):
        load({name: [text] if is_list else text})


def test_settings_that_do_not_fit_each_other(tmp_path: Path) -> None:
    tokens = str(tmp_path / "tokens")
    contract = "eip155:1=0x" + "1" * 40
    for flags, words in (
        ({"bind": "0.0.0.0:5101"}, "lets others write"),
        ({"bind": "node.example:5101"}, "lets others write"),
        ({"tls_cert": "a"}, "go together"),
        ({"public_read": "true"}, "--tokens"),
        ({"max_body": "1GiB"}, "--max-bodies"),
        ({"anchor_contract": [contract, "eip155:1=0x" + "2" * 40]}, "two contracts"),
        ({"metrics": "0.0.0.0:9464"}, "--metrics"),
        ({"flight_sql": "0.0.0.0:5102"}, "--flight-sql"),
    ):
        with pytest.raises(UsageError, match=words):
            load(flags)
    load({"anchor_contract": [contract, contract]})
    for flags in (
        {"bind": "0.0.0.0:5101", "tokens": tokens},
        {"bind": "0.0.0.0:5101", "allow_open": "true"},
        {"bind": "[::1]:5101"},
        {"bind": "127.9.9.9:1"},
        {"bind": "localhost:1"},
        {"metrics": "0.0.0.0:9464", "tokens": tokens},
    ):
        load(flags)


def test_slips_in_the_environment_are_told_and_those_of_others_are_not() -> None:
    environ = {
        "CERAMIC_STREAMS_BNID": "1",
        "CERAMIC_STREAMS_PORT": "tcp://10.0.0.1:5101",
        "CERAMIC_STREAMS_SERVICE_HOST": "10.0.0.1",
        "CERAMIC_STREAMS_TOKEN": "x",
    }
    (warning,) = load({}, environ).warnings
    assert "CERAMIC_STREAMS_BNID" in warning
    assert "CERAMIC_STREAMS_BIND?" in warning


def test_no_name_is_one_that_kubernetes_sets() -> None:
    for setting in NODE.settings:
        assert not setting.name.startswith(("port", "service"))
        assert setting.help.endswith((".", "]")), setting.name
