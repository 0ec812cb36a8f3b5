"""A shard on the same host is called by its socket, any other by its handle."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deployments.lanes import LOOK_AGAIN_S, Near, lane_of
from oo.kit.clock import ManualClock
from oo.kit.lane import Lane, LaneEnded, listen


class Far:
    """The handle's method."""

    def __init__(self) -> None:
        self.asked = 0

    async def _answer(self, message: str) -> str:
        self.asked += 1
        return f"far {message}"

    @property
    def remote(self) -> Any:
        return self._answer


async def answer(message: str) -> str:
    return f"near {message}"


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
def near(tmp_path: Path, far: Far, clock: ManualClock) -> Near:
    return Near(far, Lane(lane_of(tmp_path, "BanditShard")), clock)


async def test_it_goes_the_long_way_until_somebody_listens_here(
    near: Near, far: Far, clock: ManualClock, tmp_path: Path
) -> None:
    assert await near("1") == "far 1"
    server = await listen(lane_of(tmp_path, "BanditShard"), answer)
    assert await near("2") == "far 2"  # it does not look each time
    clock.advance(LOOK_AGAIN_S)
    assert await near("3") == "near 3"
    server.close()
    assert far.asked == 2


async def test_one_that_ended_under_way_is_not_asked_again_the_long_way(
    near: Near, far: Far, tmp_path: Path
) -> None:
    """The caller has another shard, or picks itself, and no time to wait for a dead one."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_unix_server(hang_up, str(lane_of(tmp_path, "BanditShard")))
    with pytest.raises(LaneEnded):
        await near("1")
    server.close()
    assert far.asked == 0
