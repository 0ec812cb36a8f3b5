"""A part that was cancelled is away; a caller that was cancelled is cancelled."""

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import deployments
from deployments.calls import answered
from deployments.jobs import _Generator
from deployments.watch import Watch
from oo.domain.health import State
from oo.kit.errors import Unavailable
from tests.unit.deployments.test_handles import handle_to

FOLDER = Path(deployments.__file__).parent


async def cancelled(*_: object) -> None:
    """What a call becomes when the replica that ran it ends."""
    raise asyncio.CancelledError


async def test_a_cancellation_from_the_other_side_is_an_exception() -> None:
    with pytest.raises(Unavailable):
        await answered(cancelled())


async def test_a_future_that_was_cancelled_elsewhere_is_an_exception() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.cancel)
    with pytest.raises(Unavailable):
        await answered(future)


async def test_a_caller_that_is_cancelled_ends() -> None:
    task = asyncio.create_task(answered(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_limit_of_time_is_still_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await answered(asyncio.Event().wait())
    with pytest.raises(Unavailable):  # and leaves nothing behind
        await answered(cancelled())


async def test_the_watch_outlives_a_part_that_is_cancelled() -> None:
    states = [State.READY, None, State.READY]
    seen = []

    async def probe() -> State:
        state = states.pop(0)
        if state is None:
            raise asyncio.CancelledError
        return state

    watch = Watch({"jobs": probe})
    for _ in range(3):
        await watch._ask("jobs")
        seen.append(watch.states()["jobs"])
    assert seen == [State.READY, State.DOWN, State.READY]
    watch._task.cancel()


async def test_a_job_hears_that_the_generator_is_away() -> None:
    assert await _Generator(handle_to(engine_state=ready)).is_ready()
    assert not await _Generator(handle_to(engine_state=cancelled)).is_ready()
    with pytest.raises(Unavailable):
        await _Generator(handle_to(fill=cancelled)).fill("ada")


async def ready() -> str:
    return "ready"


def remote_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "remote":
            yield node


def test_no_handle_is_called_without_it() -> None:
    bare = []
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text())
        awaited = [node.value for node in ast.walk(tree) if isinstance(node, ast.Await)]
        bare += [f"{path.name}:{it.lineno}" for it in remote_calls(tree) if it in awaited]
    assert bare == []
