"""Configuration of the Kafka source: what fits, what doesn't, and the way into Kafka that follows."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ceramic_connectors.config import Address, config_text, load
from ceramic_connectors.kafka.settings import KafkaSettings, Mechanism, Security
from ceramic_connectors.records.form import FormName
from ceramic_connectors.source.censoring import censor_of
from ceramic_connectors.source.checks import SOURCE
from ceramic_connectors.source.choices import Delivery, Include, Start, Writes
from ceramic_connectors.source.config import SourceConfig
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_FEED_VALUES, MAX_TOPIC_PREFIX_CHARS

NODE = "http://127.0.0.1:5101"
MODEL = "kjzl6hvfrbw6c5ykyyjq0v80od0nhdimprq7j2pccg1l100ktiiqcc01ddka001"


def config(**flags: str | list[str]) -> SourceConfig:
    return load(SOURCE, {"source": NODE, **flags}).config


def refused(**flags: str | list[str]) -> str:
    with pytest.raises(UsageError) as caught:
        config(**flags)
    return str(caught.value)


def test_with_a_node_alone_it_writes_all_as_json_exactly_once() -> None:
    found = config()
    assert found == SourceConfig(source=NODE)
    assert (found.write, found.form, found.delivery) == (Writes.BOTH, FormName.JSON, Delivery.EXACTLY_ONCE)
    assert (found.include, found.start, found.replication) == (Include.FULL, Start.BEGINNING, -1)
    assert found.kafka_settings() == KafkaSettings("127.0.0.1:9092", name="ceramic-streams-ceramic")
    assert (found.retention, found.metrics, found.signal_topic) == (None, None, None)


def test_every_setting_has_a_sentence_and_a_name_that_nobody_else_sets() -> None:
    for setting in SOURCE.settings:
        assert setting.help.endswith((".", "]")), setting.name
        assert not setting.name.startswith(("port", "service")), setting.name
    assert [setting.name for setting in SOURCE.settings if setting.is_needed] == ["source"]


@pytest.mark.parametrize(
    ("text", "topic"),
    [("false", None), ("no", None), ("true", "__ceramic-signals.pre"), ("mine.signals", "mine.signals")],
)
def test_the_topic_of_signals(text: str, topic: str | None) -> None:
    assert config(signals=text, prefix="pre").signal_topic == topic


def test_the_way_into_kafka_follows(tmp_path: Path) -> None:
    found = config(
        kafka=" a:9093, [::1]:9094 ",
        kafka_tls="true",
        kafka_ca=str(tmp_path / "ca"),
        kafka_cert=str(tmp_path / "cert"),
        kafka_key=str(tmp_path / "key"),
        kafka_sasl="scram-sha-512",
        kafka_user="me",
        kafka_password="env:WORD",
        name="mine",
    ).kafka_settings()
    assert (found.servers, found.name) == ("a:9093,[::1]:9094", "ceramic-streams-mine")
    assert found.security == Security(
        tls=True,
        authority=tmp_path / "ca",
        certificate=tmp_path / "cert",
        key=tmp_path / "key",
        mechanism=Mechanism.SCRAM_SHA_512,
        user="me",
        secret="env:WORD",
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"form": "avro"}, "--registry URL or --schema-folder FOLDER"),
        ({"registry": "http://r"}, "--registry is for --form avro; with --form json leave it out"),
        ({"form": "cloudevents", "schema_folder": "x"}, "--schema-folder is for --form avro"),
        ({"form": "avro", "registry": "http://r", "schema_folder": "x"}, "exclude each other"),
        ({"registry_auth": "env:A"}, "--registry-auth are for --registry URL"),
        ({"form": "avro", "registry": "http://r", "registry_user": "me"}, "needs --registry-auth PLACE"),
        ({"kafka_ca": "x"}, "--kafka-ca needs --kafka-tls"),
        ({"kafka_cert": "x", "kafka_key": "y"}, "--kafka-cert and --kafka-key need --kafka-tls"),
        ({"kafka_tls": "true", "kafka_key": "y"}, "give --kafka-cert FILE"),
        ({"kafka_sasl": "PLAIN"}, "--kafka-user NAME and --kafka-password PLACE"),
        ({"kafka_sasl": "SCRAM-SHA-256", "kafka_user": "me"}, "--kafka-password PLACE"),
        ({"kafka_sasl": "OAUTHBEARER"}, "--kafka-password PLACE, the place of a token"),
        ({"kafka_sasl": "AWS_MSK_IAM"}, "needs --kafka-tls"),
        ({"kafka_user": "me"}, "give --kafka-sasl"),
        ({"kafka_password": "env:A"}, "give --kafka-sasl"),
        ({"metrics": "0.0.0.0:9465"}, "--allow-open"),
        ({"model": [MODEL], "controller": [f"did:key:z{i}" for i in range(17)]}, "17 combinations"),
    ],
)
def test_settings_that_do_not_fit_each_other(flags: dict[str, str | list[str]], words: str) -> None:
    assert words in refused(**flags)


def test_those_that_fit() -> None:
    config(form="avro", registry="http://r", registry_auth="env:A")
    config(form="avro", schema_folder="x")
    config(kafka_sasl="OAUTHBEARER", kafka_password="env:A")
    config(kafka_sasl="AWS_MSK_IAM", kafka_tls="yes")
    config(controller=[f"did:key:z{i}" for i in range(MAX_FEED_VALUES)])
    config(model=[MODEL] * 20)
    assert config(metrics="0.0.0.0:9465", allow_open="true").metrics == Address("0.0.0.0", 9465)
    assert config(metrics="localhost:0").metrics == Address("localhost", 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("source", "127.0.0.1:5101"),
        ("source", "kafka://a/b"),
        ("source", "http://"),
        ("node_token", "cst_secret"),
        ("node_token", "file:"),
        ("name", ""),
        ("name", "a/b"),
        ("name", "a" * 65),
        ("name", ".."),
        ("prefix", "é"),
        ("prefix", "p" * (MAX_TOPIC_PREFIX_CHARS + 1)),
        ("write", "all"),
        ("form", "xml"),
        ("registry", "registry:8081"),
        ("registry", "http://registry?key=hush"),
        ("registry_auth", "me:hush"),
        ("kafka", ""),
        ("kafka", ",,"),
        ("kafka", "broker"),
        ("kafka", "a:9092,b"),
        ("kafka", "a:0"),
        ("kafka", "a:9092 b:9092"),
        ("kafka_library", "aiokafka"),
        ("kafka_sasl", "GSSAPI"),
        ("kafka_password", "hush"),
        ("delivery", "once"),
        ("tasks", "0"),
        ("tasks", "17"),
        ("model", "z"),
        ("stream", ""),
        ("controller", "me"),
        ("include", "all"),
        ("start", "yesterday"),
        ("partitions", "0"),
        ("partitions", "1001"),
        ("replication", "0"),
        ("replication", "-2"),
        ("replication", "1.5"),
        ("retention", "1w"),
        ("heartbeat", "-1"),
        ("heartbeat", "nan"),
        ("signals", "a b"),
        ("signals", "t" * 250),
        ("batch", "0"),
        ("linger", "11"),
        ("metrics", "9465"),
    ],
)
def test_values_that_make_no_sense_are_refused_and_secrets_not_repeated(name: str, text: str) -> None:
    said = refused(**{name: [text] if SOURCE.by_name[name].is_list else text})
    assert f"--{name.replace('_', '-')}" in said
    assert "hush" not in said
    assert "cst_secret" not in said


def test_what_is_printed_gives_the_same_again_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "source.toml"
    flags = {
        "source": NODE,
        "node_token": "env:TOKEN",
        "model": [MODEL],
        "form": "avro",
        "registry": "https://me:hush@registry.example/api",
        "replication": "-1",
        "signals": "true",
        "retention": "30d",
        "linger": "0.5",
        "kafka": "a:1,b:2",
    }
    found = load(SOURCE, flags)
    text = config_text(found)
    assert "hush" not in text
    assert tomllib.loads(text)["replication"] == -1
    file.write_text(text)
    again = load(SOURCE, {}, {"CERAMIC_STREAMS_REGISTRY": flags["registry"]}, file)  # type: ignore[dict-item]
    assert again.config == found.config


def test_secrets_are_hidden_in_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "token"
    place.touch(0o600)
    place.write_text("tok-en\n")
    monkeypatch.setenv("WORD", "open-sesame")
    monkeypatch.setenv("AUTH", "hush-hush")
    found = config(
        node_token=f"file:{place}",
        kafka_sasl="PLAIN",
        kafka_user="me",
        kafka_password="env:WORD",
        form="avro",
        registry="https://you:pass-word@registry.example",
        registry_user="me",
        registry_auth="env:AUTH",
    )
    said = censor_of(found).clean("tok-en open-sesame hush-hush bWU6aHVzaC1odXNo pass-word")
    assert said == "*** *** *** *** ***"
    monkeypatch.delenv("WORD")
    assert censor_of(found).clean("open-sesame tok-en") == "open-sesame ***"
