"""Spans of this process, in memory, as they would be exported."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from oo.kit import trace_export, tracing


class Spans:
    """What has ended so far."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    @property
    def all(self) -> tuple[ReadableSpan, ...]:
        """In the order in which they ended."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name."""
        return [it for it in self.all if it.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one of a name."""
        (found,) = self.named(name)
        return found

    def path(self, span: ReadableSpan) -> list[str]:
        """The names from the root to the span."""
        by_id = {it.context.span_id: it for it in self.all if it.context}
        found, at = [span.name], span
        while at.parent is not None and at.parent.span_id in by_id:
            at = by_id[at.parent.span_id]
            found.insert(0, at.name)
        return found

    def forget(self) -> None:
        """Begin anew."""
        self._exporter.clear()


@contextmanager
def traced(ratio: float = 1.0) -> Iterator[Spans]:
    """This process traces while the block runs."""
    exporter = InMemorySpanExporter()
    processor = trace_export.WithoutIdleRuns(SimpleSpanProcessor(exporter))
    tracing.trace_with(trace_export.provider("test", processor).get_tracer("test"), ratio)
    try:
        yield Spans(exporter)
    finally:
        tracing.trace_with(None)
