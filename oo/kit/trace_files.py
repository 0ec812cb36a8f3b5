"""Traces in the data folder: what `oo trace` reads, on a machine without any collector.

A file per process, of lines of OTLP in JSON: what a collector's `otlpjsonfile` receiver takes, too
(opentelemetry.io/docs/specs/otel/protocol/file-exporter).
"""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

FOLDER = "traces"
FILE_BYTES = 8 * 1024 * 1024  # of a process; then the file is begun anew, and the one before stays
KEEP_S = 2 * 24 * 3600
MOST_FILES = 64


class SpanId(NamedTuple):
    """Where a span is found."""

    trace_id: str
    span_id: str


class StoredSpan(NamedTuple):
    """A span as it was kept; instants are nanoseconds of the epoch, `part` is whose process."""

    id: SpanId
    parent_id: str
    name: str
    part: str
    began: int
    ended: int
    attributes: Mapping[str, Any]
    links: Sequence[SpanId]
    is_error: bool


class TraceFile:
    """The file of this process, FILE_BYTES twice at most."""

    def __init__(self, data_dir: Path, part: str, file_bytes: int = FILE_BYTES) -> None:
        """Makes the folder, and takes out of it what is old or too much."""
        folder = data_dir.resolve() / FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _tidy(folder)
        self._path = folder / f"{part}-{os.getpid()}.jsonl"
        self._most = file_bytes

    def append(self, line: Mapping[str, Any]) -> None:
        """Keep one line. Raises OSError."""
        text = orjson.dumps(line) + b"\n"
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_size + len(text) > self._most:
                self._path.replace(self._path.with_suffix(".before.jsonl"))
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, text)
        finally:
            os.close(handle)


def _tidy(folder: Path) -> None:
    found = sorted(folder.glob("*.jsonl"), key=_written_at, reverse=True)
    for number, file in enumerate(found):
        if number >= MOST_FILES or time.time() - _written_at(file) > KEEP_S:
            file.unlink(missing_ok=True)


def _written_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def read_spans(data_dir: Path) -> list[StoredSpan]:
    """All that was kept; a line that was cut off is left out."""
    found: list[StoredSpan] = []
    for file in sorted((data_dir.resolve() / FOLDER).glob("*.jsonl")):
        with contextlib.suppress(FileNotFoundError):
            for line in file.read_bytes().splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    found += _spans(orjson.loads(line))
    return found


def _spans(line: Mapping[str, Any]) -> Iterator[StoredSpan]:
    for resource in line["resourceSpans"]:
        part = str(_values(resource["resource"]["attributes"]).get("service.name", ""))
        for scope in resource["scopeSpans"]:
            for one in scope["spans"]:
                yield StoredSpan(
                    SpanId(one["traceId"], one["spanId"]),
                    one.get("parentSpanId", ""),
                    one["name"],
                    part.removeprefix("oo-"),
                    int(one["startTimeUnixNano"]),
                    int(one["endTimeUnixNano"]),
                    _values(one.get("attributes", ())),
                    [SpanId(it["traceId"], it["spanId"]) for it in one.get("links", ())],
                    one.get("status", {}).get("code") == 2,
                )


def _values(attributes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {it["key"]: _value(it["value"]) for it in attributes}


def _value(told: Mapping[str, Any]) -> Any:
    [(kind, value)] = told.items()
    if kind == "arrayValue":
        return [_value(it) for it in value["values"]]
    return int(value) if kind == "intValue" else value
