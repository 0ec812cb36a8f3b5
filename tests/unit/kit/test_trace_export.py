"""Where spans go: a file that is read again, and a collector; each gets what was said."""

import json
import os
from contextvars import Context
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from oo.kit import trace_export, tracing
from oo.kit.setting_groups import Tracing
from oo.kit.trace_export import FileExporter
from oo.kit.trace_files import FOLDER, KEEP_S, TraceFile, read_spans
from tests.peers.serving import served


def _later(cause: tracing.Cause) -> None:
    with tracing.behind("later", [cause]) as later:
        later.set("ratio", 0.5)
        later.set("names", ["a", "b"])


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    exporter = FileExporter(TraceFile(tmp_path, "ingress"))
    made = trace_export.provider("ingress", SimpleSpanProcessor(exporter))
    tracing.trace_with(made.get_tracer("test"))
    try:
        with tracing.begun("request") as root:
            root.set("http.response.status_code", 200)
            cause = tracing.cause()
            with pytest.raises(ValueError, match="no"), tracing.span("part", tracing.CLIENT):
                raise ValueError("no")
        Context().run(_later, cause)
    finally:
        tracing.trace_with(None)
    [file] = (tmp_path / FOLDER).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(file.read_bytes() + b'{"resourceSpans":[{"cut off')
    part, request, behind = read_spans(tmp_path)
    assert (request.name, request.part, request.parent_id) == ("request", "ingress", "")
    assert request.attributes == {"http.response.status_code": 200}
    assert (part.parent_id, part.is_error) == (request.id.span_id, True)
    assert request.began <= part.began <= part.ended <= request.ended
    assert [*behind.links] == [request.id]
    assert behind.attributes == {"ratio": 0.5, "names": ["a", "b"]}


def test_a_file_of_traces_stays_small_and_old_ones_go(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    for number in range(3):
        (folder / f"bandit-{number}.jsonl").write_text("{}\n")
    os.utime(folder / "bandit-0.jsonl", (0, 0))
    file = TraceFile(tmp_path, "ingress", file_bytes=500)
    for _ in range(40):
        file.append({"resourceSpans": [], "filling": "x" * 50})
    names = sorted(it.name for it in folder.iterdir())
    mine = f"ingress-{os.getpid()}"
    assert names == [
        "bandit-1.jsonl",
        "bandit-2.jsonl",
        f"{mine}.before.jsonl",
        f"{mine}.jsonl",
    ]
    assert sum(it.stat().st_size for it in folder.glob("ingress*")) <= 1000
    assert KEEP_S > 0


def test_a_collector_gets_what_is_traced(tmp_path: Path) -> None:
    got: list[tuple[str, bytes]] = []

    async def take(request: Request) -> Response:
        got.append((request.headers.get("authorization", ""), await request.body()))
        return Response()

    app = Starlette(routes=[Route("/v1/traces", take, methods=["POST"])])
    with served(app) as address:
        headers = {"authorization": "Bearer t"}
        how = Tracing.model_validate({"endpoint": address, "headers": headers})
        trace_export.start(how, tmp_path, "ingress")
        assert tracing.is_on()
        with tracing.begun("request"):
            pass
        provider = tracing._tracer
        tracing.trace_with(None)
        provider.span_processor.force_flush()  # type: ignore[union-attr]
        provider.span_processor.shutdown()  # type: ignore[union-attr]
    [(token, body)] = got
    told = ExportTraceServiceRequest.FromString(body).resource_spans[0]
    assert token == "Bearer t"
    assert [it.name for it in told.scope_spans[0].spans] == ["request"]
    service = next(it for it in told.resource.attributes if it.key == "service.name")
    assert service.value.string_value == "oo-ingress"
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("way", [{}, {"file": True}, {"endpoint": "http://127.0.0.1:4318"}])
def test_traces_are_on_where_they_have_somewhere_to_go(way: dict[str, object]) -> None:
    how = Tracing.model_validate(way)
    assert how.is_on is bool(way)
    if how.endpoint:
        assert how.traces_url == "http://127.0.0.1:4318/v1/traces"


def test_a_line_is_what_a_collector_reads(tmp_path: Path) -> None:
    exporter = FileExporter(TraceFile(tmp_path, "ingress"))
    made = trace_export.provider("ingress", SimpleSpanProcessor(exporter))
    tracing.trace_with(made.get_tracer("test"))
    try:
        with tracing.begun("request"):
            pass
    finally:
        tracing.trace_with(None)
    [file] = (tmp_path / FOLDER).iterdir()
    [span] = json.loads(file.read_text())["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert len(bytes.fromhex(span["traceId"])) == 16
    assert len(bytes.fromhex(span["spanId"])) == 8
    assert span["kind"] == 2  # SPAN_KIND_SERVER
    assert span["startTimeUnixNano"].isdigit()
