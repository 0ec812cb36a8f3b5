"""Logs of one process: JSON lines in the data folder, one file per process.

Modules log with the standard library; structlog renders what they say, and within what request or
run of a job they say it: its number, its trace, and whom it is about (:mod:`oo.kit.scope`).
"""

import contextlib
import logging
import os
import time
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

from oo.kit import tracing

FILE_BYTES = 10 * 1024 * 1024
KEEP_S = 7 * 24 * 3600
MOST_FRAMES = 12
MOST_WORDS = 500
OURS = ("oo", "ml", "deployments")


def readable(exc_info: structlog.typing.ExcInfo) -> str:
    """A short trace, and what was raised in one line.

    A remote call wraps the trace of each process on its way into the words of the error.
    """
    kind, error, trace = exc_info
    said = str(error).strip().splitlines() or [""]
    # the words of a wrapped trace end with what was raised first
    first = said[-1] if said[0].startswith(("\x1b[", "ray::")) else said[0]
    lines = [
        f"  {it.filename}:{it.lineno} {it.name}: {it.line}"
        for it in traceback.extract_tb(trace)[-MOST_FRAMES:]
    ]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        words = (str(cause).strip().splitlines() or [""])[0][:MOST_WORDS]
        lines.append(f"  because of {type(cause).__qualname__}: {words}")
    return "\n".join([*lines, f"{kind.__qualname__}: {first.strip()[:MOST_WORDS]}"])


def formatter() -> logging.Formatter:
    """One JSON object per record: at, level, logger, message, pid, and exceptions in `error`.

    Within a request or a run of a job also request_id, job, person, trace_id and span_id, where
    there are such.
    """
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            _where,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.CallsiteParameterAdder(
                [structlog.processors.CallsiteParameter.PROCESS]
            ),
            structlog.processors.ExceptionRenderer(readable),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            _rename("exception", "error"),
            _rename("process", "pid"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def log_to(folder: Path, part: str) -> None:
    """Send what oO's modules log to `folder`/`part`-`pid`.log, twice FILE_BYTES at most.

    Files that nobody has written to for KEEP_S seconds are deleted.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.log*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > KEEP_S:
                old.unlink()
    file = folder / f"{part}-{os.getpid()}.log"
    handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=1, delay=True)
    handler.setFormatter(formatter())
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _where(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {**event, **tracing.fields()}


def _rename(before: str, after: str) -> structlog.typing.Processor:
    def rename(
        _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        if before in event:
            event[after] = event.pop(before)
        return event

    return rename
