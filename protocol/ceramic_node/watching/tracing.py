"""Traces: what requests and batches spend their time with, for OpenTelemetry; none without an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from typing import Any, Final, Protocol

from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import OTEL_QUEUE, OTEL_SECONDS

_SERVICE: Final = "ceramic-streams"
_PATH: Final = "/v1/traces"
_NOTHING: Final = nullcontext()

Facts = Mapping[str, str | int | float | bool]


class Tracer(Protocol):
    """Makes spans. From any thread."""

    def span(self, name: str, facts: Facts | None = None, headers: Any = None) -> AbstractContextManager[Any]:
        """A span that lasts as long as its block.

        Args:
            name: of what is done.
            facts: about it.
            headers: of a request, which may say of which trace it is part (`traceparent`).
        """
        ...

    def record(self, name: str, began: int, facts: Facts) -> None:
        """A span of something that is done; it began at a unix nanosecond."""
        ...

    def stop(self) -> None:
        """Send what waits, and end."""
        ...


class NoTracer:
    """Makes none."""

    def span(self, name: str, facts: Facts | None = None, headers: Any = None) -> AbstractContextManager[Any]:
        """Nothing."""
        del name, facts, headers
        return _NOTHING

    def record(self, name: str, began: int, facts: Facts) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class OtelTracer:
    """Sends spans to a collector, by OTLP over HTTP."""

    def __init__(self, endpoint: str, network: str) -> None:
        """Begin.

        Args:
            endpoint: of the collector, without `/v1/traces`.
            network: of the node.

        Raises:
            UsageError: the extra `otel` isn't installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.propagate import extract
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError:
            raise UsageError("--otel-endpoint needs the extra otel: install ceramic-streams[otel]") from None
        facts = {"service.name": _SERVICE, "service.version": version(_SERVICE), "ceramic.network": network}
        self._extract = extract
        # Ours alone, not the process': nothing else here is to be traced.
        self._provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint.rstrip("/").removesuffix(_PATH) + _PATH, timeout=OTEL_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=OTEL_QUEUE))
        self._tracer = self._provider.get_tracer(_SERVICE)

    def span(self, name: str, facts: Facts | None = None, headers: Any = None) -> AbstractContextManager[Any]:
        """See `Tracer`."""
        context = None if headers is None else self._extract(headers)
        return self._tracer.start_as_current_span(name, context=context, attributes=facts)

    def record(self, name: str, began: int, facts: Facts) -> None:
        """See `Tracer`."""
        self._tracer.start_span(name, start_time=began, attributes=facts).end()

    def stop(self) -> None:
        """See `Tracer`."""
        self._provider.shutdown()


def make_tracer(endpoint: str | None, network: str) -> Tracer:
    """What makes spans for an endpoint, or none.

    Raises:
        UsageError: the extra `otel` isn't installed.
    """
    return NoTracer() if endpoint is None else OtelTracer(endpoint, network)
