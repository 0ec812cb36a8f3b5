"""Work in a process of its own."""

import asyncio
import os
from pathlib import Path

import pytest

from oo.kit.aside import Part, aside
from oo.kit.errors import Conflict, Unavailable
from oo.kit.niceness import BEHIND

WORKER = "tests.peers.worker_aside"


async def test_it_answers_behind_all_others() -> None:
    parts: list[Part] = []
    found = await aside(WORKER, {"do": "work", "what": "ü"}, 60, parts.append)
    assert parts == [Part(1, 2)]
    assert found == {"niceness": BEHIND, "do": "work", "what": "ü"}


async def test_a_business_error_comes_back_as_what_it_is() -> None:
    with pytest.raises(Conflict, match="It is taken"):
        await aside(WORKER, {"do": "fail"}, 60)


async def test_one_that_ends_without_an_answer_is_said() -> None:
    with pytest.raises(Unavailable, match="has ended"):
        await aside(WORKER, {"do": "exit"}, 60)


async def test_it_ends_with_whoever_asked(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    os.mkfifo(mark)
    asked = asyncio.create_task(aside(WORKER, {"do": "stay", "pid": str(mark)}, 60))
    pid = int(await asyncio.to_thread(mark.read_text))
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
