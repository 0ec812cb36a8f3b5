"""Log files: one JSON object a line, whatever is logged."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from oo.kit.logs import OURS, log_to


@pytest.fixture(autouse=True)
def own_loggers() -> Iterator[None]:
    """Leaves the loggers of oO as they were."""
    before = {name: (logging.getLogger(name).handlers, logging.getLogger(name).propagate)
              for name in OURS}  # fmt: skip
    yield
    for name, (handlers, propagate) in before.items():
        logging.getLogger(name).handlers = handlers
        logging.getLogger(name).propagate = propagate


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / f"part-{os.getpid()}.log").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_one_json_object(tmp_path: Path) -> None:
    log_to(tmp_path, "part")
    logging.getLogger("oo.jobs.runner").info("%s: %d tâches\nand more", "sync", 3)
    (line,) = lines(tmp_path)
    assert datetime.fromisoformat(line.pop("at")).utcoffset() is not None
    assert line == {
        "level": "info",
        "logger": "oo.jobs.runner",
        "message": "sync: 3 tâches\nand more",
        "pid": os.getpid(),
    }


def test_an_exception_is_text_in_error(tmp_path: Path) -> None:
    log_to(tmp_path, "part")
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("ml").exception("failed")
    (line,) = lines(tmp_path)
    assert line["message"] == "failed"
    assert line["error"].endswith("ValueError: no")


def test_what_is_bound_to_the_context_is_in_every_line(tmp_path: Path) -> None:
    log_to(tmp_path, "part")
    with structlog.contextvars.bound_contextvars(job="sync"):
        logging.getLogger("oo").warning("slow")
    (line,) = lines(tmp_path)
    assert line["job"] == "sync"


def test_files_of_the_past_are_deleted(tmp_path: Path) -> None:
    old, young = tmp_path / "ingress-1.log", tmp_path / "ingress-2.log"
    for file in (old, young):
        file.write_text("{}\n")
    os.utime(old, (0, 0))
    log_to(tmp_path, "part")
    assert not old.exists()
    assert young.exists()


def test_a_wrapped_trace_is_one_line_and_a_short_trace(tmp_path: Path) -> None:
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        wrapped = "\n".join(f"  File frame {number}" for number in range(500))
        raise RuntimeError(f"ray::Replica.call()\n{wrapped}\nValueError: it was this")

    log_to(tmp_path, "part")
    try:
        deep(50)
    except RuntimeError:
        logging.getLogger("oo.jobs.runner").exception("it failed")
    (line,) = lines(tmp_path)
    said = line["error"].splitlines()
    assert said[-1] == "RuntimeError: ValueError: it was this"
    assert 2 <= len(said) <= 20
