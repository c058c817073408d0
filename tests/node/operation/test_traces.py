"""Traces, sent to a collector of our own."""

from __future__ import annotations

import builtins
import time
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ceramic_node.watching.tracing import NoTracer, OtelTracer, make_tracer
from ceramic_protocol.errors import UsageError
from tests.node.operation.posting import body, init
from tests.node.operation.running import running
from tests.support.web import Exchange, Web, serving

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def answer(exchange: Exchange) -> None:
    exchange.reply(200, b"", Content_Type="application/x-protobuf")


def spans_of(web: Web) -> list[Span]:
    """What has come, after the node has sent it all."""
    found: list[Span] = []
    for data in web.bodies:
        request = ExportTraceServiceRequest()
        request.ParseFromString(data)
        found += (
            span for part in request.resource_spans for scope in part.scope_spans for span in scope.spans
        )
    return found


def facts_of(span: Span) -> dict[str, Any]:
    return {fact.key: getattr(fact.value, fact.value.WhichOneof("value")) for fact in span.attributes}


def test_requests_and_batches_are_traced_and_join_the_trace_of_who_asks() -> None:
    with serving(answer) as web:
        with running(otel_endpoint=web.url) as node:
            traced = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
            assert node.ask_with("/ceramic/events", traced, "POST", body(init(0))).status == 204
            while not node.metrics()["ceramic_states_streams_total"]:
                time.sleep(0.05)
            node.ask("/nowhere")
        assert set(web.paths) == {"/v1/traces"}
        spans = spans_of(web)
    by_name = {span.name: span for span in spans}
    assert set(by_name) == {"POST /ceramic/events", "GET other", "batch", "put", "follow"}
    assert facts_of(by_name["follow"]) == {"ceramic.streams": 1}
    request, batch, put = by_name["POST /ceramic/events"], by_name["batch"], by_name["put"]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert put.parent_span_id == batch.span_id
    assert facts_of(batch) == {"ceramic.events": 1}
    assert facts_of(request) == {"http.request.method": "POST", "http.route": "/ceramic/events"}
    assert request.start_time_unix_nano <= batch.start_time_unix_nano <= batch.end_time_unix_nano


def test_what_a_client_sends_stands_in_no_trace() -> None:
    with serving(answer) as web:
        with running(otel_endpoint=web.url) as node:
            node.ask("/nowhere/hush?access_token=hush", Authorization="Bearer hush")
            node.ask("/ceramic/streams/hush")
        assert all(b"hush" not in data for data in web.bodies)
        assert len(spans_of(web)) == 2


def test_a_collector_that_is_not_there_costs_nothing() -> None:
    with running(otel_endpoint="http://127.0.0.1:1") as node:
        assert node.ask("/health").status == 200


def test_the_path_of_the_collector_may_stand_there() -> None:
    with serving(answer) as web:
        for end in ("", "/", "/v1/traces"):
            tracer = OtelTracer(web.url + end, "inmemory")
            with tracer.span("one", {"a": 1}):
                pass
            tracer.stop()
        assert web.paths == ["/v1/traces"] * 3


def test_without_an_endpoint_or_the_extra_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    none = make_tracer(None, "inmemory")
    assert isinstance(none, NoTracer)
    with none.span("x", {"a": 1}, {}):
        none.stop()
    usual = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="extra otel"):
        make_tracer("http://127.0.0.1:1", "inmemory")
