"""Calls over a Unix socket: each gets its own answer, or an error in no time."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from oo.kit.lane import LENGTH, LIMIT, Answer, Lane, LaneEnded, NobodyThere, listen


async def echo(*message: Any) -> Any:
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@asynccontextmanager
async def listening(path: Path, answer: Answer = echo) -> AsyncIterator[asyncio.Server]:
    server = await listen(path, answer)
    try:
        yield server
    finally:
        server.close()


async def test_each_call_gets_its_own_answer_whatever_its_size(path: Path) -> None:
    async with listening(path):
        lane = Lane(path)
        sent = [("a" * size, number) for number, size in enumerate((0, 10, 300_000, 1))]
        assert await asyncio.gather(*(lane.call(*it) for it in sent)) == sent


async def test_the_socket_is_for_its_owner_only(path: Path) -> None:
    async with listening(path):
        assert stat.S_IMODE((await asyncio.to_thread(path.stat)).st_mode) == 0o600


async def test_where_nobody_listens_it_says_so(path: Path) -> None:
    with pytest.raises(NobodyThere):
        await Lane(path).call(1)
    async with listening(path):
        pass
    with pytest.raises(NobodyThere):
        await Lane(path).call(1)


async def test_what_went_wrong_there_is_told_and_the_next_call_is_answered(path: Path) -> None:
    async def odd(number: int) -> Any:
        if number % 2:
            raise ValueError("odd")
        return number if number else lambda: None  # no pickle can hold it

    async with listening(path, odd):
        lane = Lane(path)
        with pytest.raises(RuntimeError, match="ValueError: odd"):
            await lane.call(1)
        with pytest.raises(RuntimeError, match="pickle"):
            await lane.call(0)
        assert await lane.call(2) == 2


async def test_a_call_that_was_given_up_answers_no_other(path: Path) -> None:
    asked: list[int] = []

    async def slow_at_first(number: int) -> int:
        asked.append(number)
        if number == 1:
            await asyncio.sleep(60)
        return number

    async with listening(path, slow_at_first):
        lane = Lane(path)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await lane.call(1)
        assert await lane.call(2) == 2
        assert asked == [1, 2]


async def test_one_that_ends_meanwhile_fails_the_call_at_once(path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(LENGTH.size)
        writer.transport.abort()

    server = await asyncio.start_unix_server(hang_up, str(path))
    with pytest.raises(LaneEnded):
        async with asyncio.timeout(5):
            await Lane(path).call(1)
    server.close()


async def test_who_listens_anew_is_asked_from_then_on(path: Path) -> None:
    async def older(_: int) -> str:
        return "older"

    async def newer(_: int) -> str:
        return "newer"

    async with listening(path, older):
        lane = Lane(path)
        assert await lane.call(1) == "older"
        async with listening(path, newer):
            assert await Lane(path).call(1) == "newer"
            assert await lane.call(1) == "older"  # its connection goes on


async def test_what_is_no_frame_ends_the_connection(path: Path) -> None:
    async with listening(path):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(LENGTH.pack(LIMIT + 1))
        assert await reader.read() == b""
        writer.close()
        assert await Lane(path).call(1) == (1,)
