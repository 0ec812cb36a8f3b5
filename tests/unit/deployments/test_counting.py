"""What replicas say of themselves in `/metrics`."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.generator import TipGenerator
from deployments.metrics import HEARD_S, EngineLoad
from deployments.watch import count_waiting
from ml.generation.aliases import Aliases
from ml.generation.settings import load_settings
from oo.domain.health import State
from oo.kit.admission import Admission
from oo.kit.clock import ManualClock
from oo.kit.metrics import rendered


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


def said(series: str) -> float:
    [line] = [it for it in rendered([]).decode().splitlines() if it.startswith(f"{series} ")]
    return float(line.split()[-1])


def told(replica: str, running: int, waiting: int) -> dict[str, object]:
    return {"replica": replica, "running": running, "waiting": waiting}


def test_the_engines_that_were_heard_lately_are_summed_up(clock: ManualClock) -> None:
    load = EngineLoad(clock)
    load.hear(told("a", 32, 5))
    load.hear(told("b", 3, 0))
    load.hear(told("a", 32, 9))
    assert said('oo_engine_requests{state="running"}') == 35
    assert said('oo_engine_requests{state="waiting"}') == 9
    clock.advance(HEARD_S)
    load.hear(told("b", 4, 0))
    assert said('oo_engine_requests{state="running"}') == 4
    assert said('oo_engine_requests{state="waiting"}') == 0


async def test_who_waits_at_the_door_is_counted(clock: ManualClock) -> None:
    admission = Admission(clock, 1.0)
    under_way = admission.limit
    for _ in range(under_way):
        await admission.enter()
    waiting = [asyncio.create_task(admission.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    counting = asyncio.create_task(count_waiting(admission))
    await asyncio.sleep(0)
    assert said('oo_admission_requests{state="waiting"}') == 3
    assert said('oo_admission_requests{state="under_way"}') == under_way
    assert said("oo_admission_limit") == under_way
    for task in (counting, *waiting):
        task.cancel()


class Engine:
    """A handle of the engine that says how much it has to do."""

    def __init__(self, status: dict[str, object]) -> None:
        self._status = status
        self.status = self

    async def _answer(self) -> dict[str, object]:
        return self._status

    def remote(self) -> Awaitable[dict[str, object]]:
        return self._answer()


async def test_the_generator_says_what_the_engine_has_to_do(
    clock: ManualClock, tmp_path: Path
) -> None:
    generator = TipGenerator.__new__(TipGenerator)
    aliases = Aliases(load_settings(Path("configs/models.yaml"), None), None, clock)  # type: ignore[arg-type]
    generator._aliases, generator._clock, generator._told = aliases, clock, tmp_path / "states"
    generator._usd, generator._usd_until = 0.0, float("inf")
    generator._load = EngineLoad(clock)
    generator._engine = Engine(told("a", 7, 2))
    assert await generator.engine_state() == State.READY
    assert said('oo_engine_requests{state="running"}') == 7
    assert said('oo_engine_requests{state="waiting"}') == 2
