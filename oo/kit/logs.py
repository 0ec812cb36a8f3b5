"""Logs of one process: JSON lines in the data folder, one file per process."""

import contextlib
import json
import logging
import os
import time
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_BYTES = 10 * 1024 * 1024
KEEP_S = 7 * 24 * 3600
OURS = ("oo", "ml", "deployments")


class JsonLines(logging.Formatter):
    """One JSON object per record; exceptions as text in `error`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


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
    handler.setFormatter(JsonLines())
    for name in OURS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
