"""What a node tells of itself: metrics, health and readiness."""

from __future__ import annotations

import asyncio
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ceramic_node import metrics
from ceramic_node.http.keys import NODE
from ceramic_node.metrics import METRICS, MetricKind
from ceramic_node.node import Node
from ceramic_node.watching.meter import Meter
from tests.node.operation.posting import ME, body, init
from tests.node.operation.running import Running, ask, running
from tests.support import signing

EVENTS = "/ceramic/events"


def post(node: Running, *events: signing.Made) -> list[int]:
    return [node.ask(EVENTS, "POST", body(event)).status for event in events]


def test_each_metric_is_declared_once_and_well() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"[a-z]+(?:_[a-z]+)*", metric.name), metric.name
        assert metric.help.endswith((".", "…")), metric.name
        assert "|" not in metric.help
        assert bool(metric.buckets) is (metric.kind is MetricKind.HISTOGRAM)
        assert not metric.name.endswith("_total")
        if "seconds" in metric.unit:
            assert metric.name.endswith("_seconds"), metric.name
        if metric.unit == "bytes":
            assert metric.name.endswith("_bytes"), metric.name


def test_what_is_exported_is_what_is_declared() -> None:
    declared = {metric.full_name: metric for metric in METRICS}
    with running() as node:
        post(node, init(0))
        url = node.service.metrics_url
        assert url is not None
        reply = ask(url.removesuffix("/metrics"), "/metrics")
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = list(text_string_to_metric_families(reply.body.decode()))
    exported = set()
    for family in families:
        if family.name.endswith("_created"):
            continue
        name = family.name + ("_total" if family.type == "counter" else "")
        metric = declared[name]
        exported.add(name)
        assert (family.type, family.documentation) == (metric.kind.value, metric.help)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), name
    in_memory = {"ceramic_store_size_bytes", "ceramic_tokens"}
    assert exported == declared.keys() - in_memory


def test_events_are_counted_by_what_became_of_them() -> None:
    forged = signing.data(signing.ed25519(2), init(0), init(0), [])
    broken = forged.with_blocks([(cid, block[:-1] + b"\0") for cid, block in forged.blocks])
    lost = signing.data(ME, init(7), init(7), [])
    with running() as node:
        assert post(node, init(0), init(0), init(1)) == [204] * 3
        assert node.ask(EVENTS, "POST", body(init(2))[:-10]).status == 400
        for car in (broken, lost.car):
            node.call(_node(node).submit([car], needs_prev=True))
        found = node.metrics()
        counted = {
            name: value for name, value in found.items() if name.startswith("ceramic_intake_events_total")
        }
        assert counted == {
            'ceramic_intake_events_total{outcome="new",reason="none"}': 2,
            'ceramic_intake_events_total{outcome="known",reason="none"}': 1,
            'ceramic_intake_events_total{outcome="refused",reason="block_hash_mismatch"}': 1,
            'ceramic_intake_events_total{outcome="refused",reason="init_missing"}': 1,
        }
        assert found["ceramic_intake_batch_events_count"] == 5
        assert found["ceramic_store_put_seconds_count"] == 5
        assert found["ceramic_feed_position"] == 2
        assert found["ceramic_store_waiting_events"] == 0
        node.call(_node(node).submit([lost.car]))
        assert node.metrics()["ceramic_store_waiting_events"] == 1
        assert found['ceramic_http_requests_total{method="POST",route="/ceramic/events",status="204"}'] == 3
        assert found['ceramic_http_requests_total{method="POST",route="/ceramic/events",status="400"}'] == 1
        name = 'ceramic_http_request_seconds_count{method="POST",route="/ceramic/events"}'
        assert found[name] == 4


def test_moves_of_tips_are_counted_by_their_cause() -> None:
    begin = signing.init(ME, {"a": 1}, model=None)
    update = signing.data(ME, begin, begin, [])
    name = 'ceramic_states_corrections_total{cause="appended"}'
    with running() as node:
        assert post(node, begin) == [204]
        _settle(node)
        assert post(node, update) == [204]
        _settle(node)
        found = node.metrics()
        assert found[name] in {1, 2}  # the first tip of a stream is a move as well
        assert found["ceramic_states_lag_changes"] == 0
        assert found["ceramic_states_lag_seconds"] >= 0
        assert found['ceramic_states_backlog{kind="failed"}'] == 0


def test_connections_and_requests_under_way() -> None:
    with running() as node, node.wire():
        found = node.metrics()
        assert found["ceramic_http_connections"] == 1
        assert found["ceramic_http_requests_under_way"] == 0


def test_the_metrics_have_no_other_pages_and_only_few_names() -> None:
    with running() as node:
        url = (node.service.metrics_url or "").removesuffix("/metrics")
        assert ask(url, "/ceramic/version").status == 404
        assert ask(url, "/metrics", "POST").status == 405
        assert ask(url, "/metrics", headers={"Host": "evil.example"}).status == 403
        assert node.ask("/metrics").status == 404


def test_a_gauge_that_can_not_be_read_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter()

    def fails() -> float:
        raise OSError("gone")

    meter.read_value(metrics.HEAD, fails)
    meter.read_value(metrics.PEERS, lambda: 3)
    meter.count(metrics.REFUSED, "x", amount=2)
    page = meter.page().decode()
    assert "ceramic_peers 3.0" in page
    assert "ceramic_feed_position" not in page
    assert "ceramic_feed_position can't be read" in caplog.text
    assert meter.total(metrics.REFUSED) == {("x",): 2}
    with pytest.raises(ValueError, match="no gauge"):
        meter.read_value(metrics.REFUSED, lambda: 1)


def test_health_and_readiness() -> None:
    with running() as node:
        assert node.ask("/health").value == {"status": "ok"}
        assert node.ask("/ready").value == {"status": "ready", "lag": 0}
        assert node.ask("/health", "HEAD").body == b""
        node.do(_node(node).follower.stop)
        post(node, *map(init, range(3)))
        assert node.ask("/ready").status == 200
    with running(max_lag="1") as node:
        node.do(_node(node).follower.stop)
        post(node, *map(init, range(3)))
        reply = _when(node, 503)
        assert reply == {"status": "behind", "lag": 3, "max_lag": 1}
        assert node.ask("/health").status == 200
        found = node.metrics()
        assert found["ceramic_states_lag_changes"] == 3
        assert found["ceramic_states_lag_seconds"] > 0


def _settle(node: Running) -> None:
    inner = _node(node)
    while inner.follower.lag:
        node.call(_sleep())
    node.call(_sleep())


def _when(node: Running, status: int) -> object:
    for _ in range(100):
        reply = node.ask("/ready")
        if reply.status == status:
            return reply.value
        node.call(_sleep())
    raise AssertionError(reply)


async def _sleep() -> None:
    await asyncio.sleep(0.05)


def _node(node: Running) -> Node:
    assert node.service.app is not None
    return node.service.app[NODE]
