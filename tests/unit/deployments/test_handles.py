"""Shards by address: people always reach the same one; one that is away costs only its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from deployments import handles as handles_module
from deployments.handles import (
    LATE_RESTS_S,
    PER_CALL,
    GeneratorListener,
    GeneratorRefill,
    Shards,
)
from oo.domain.agents import Report
from oo.kit.clock import ManualClock
from oo.kit.errors import Unavailable
from oo.recommend.scoring import Choice, ScoreRequest


class Shard:
    """A handle to a shard that remembers who was asked for, and may be away."""

    def __init__(self, away: BaseException | None = None) -> None:
        self.asked: list[str] = []
        self.woken: dict[str, int] = {}
        self.score = SimpleNamespace(remote=self._score)
        self.wake = SimpleNamespace(remote=self._wake)
        self.status = SimpleNamespace(remote=self._status)
        self._away = away

    async def _score(self, requests: Sequence[ScoreRequest], carried: str) -> list[Choice]:
        if self._away:
            raise self._away
        self.asked += [request.user_id for request in requests]
        return [Choice(0, [0.0], [1.0], request.user_id, "1", 0) for request in requests]

    async def _status(self) -> str:
        if self._away:
            raise self._away
        return "ready"

    async def _wake(self, news: dict[str, int], carried: str) -> None:
        self.woken |= news


def handle_to(**methods: Callable[..., Awaitable[Any]]) -> Any:
    """A handle whose methods are these functions."""
    return SimpleNamespace(**{name: SimpleNamespace(remote=it) for name, it in methods.items()})


def requests(*people: str) -> list[ScoreRequest]:
    return [ScoreRequest(person, 0, 1, {"priority": [0.0]}, 0) for person in people]


# a replica that ends cancels what it was asked
NOW = datetime(2026, 11, 21, tzinfo=UTC)
AWAY = [RuntimeError("gone"), asyncio.CancelledError()]
PEOPLE = [f"person-{number}" for number in range(40 * PER_CALL // 4)]


async def test_everybody_gets_their_own_answer_from_their_own_shard() -> None:
    handles = [Shard(), Shard(), Shard()]
    shards = Shards(handles)
    for _ in range(2):
        answers = await shards.score(requests(*PEOPLE))
        assert [answer.policy for answer in answers if isinstance(answer, Choice)] == PEOPLE
    assert all(handle.asked for handle in handles)
    for handle in handles:
        others = {person for other in handles if other is not handle for person in other.asked}
        assert not others & set(handle.asked)


async def test_a_few_are_asked_for_in_one_call() -> None:
    """A call costs as much as scoring several people; any shard can score anybody."""
    handles = [Shard(), Shard()]
    shards = Shards(handles)
    few = PEOPLE[: PER_CALL - 1]
    answers = await shards.score(requests(*few))
    assert [answer.policy for answer in answers if isinstance(answer, Choice)] == few
    assert sorted(bool(handle.asked) for handle in handles) == [False, True]


@pytest.mark.parametrize("away", AWAY, ids=repr)
@pytest.mark.parametrize("count", [PER_CALL - 1, len(PEOPLE)])
async def test_the_people_of_a_shard_that_is_away_go_to_another(
    away: BaseException, count: int
) -> None:
    handles = [Shard(), Shard(away)]
    shards = Shards(handles)
    for _ in range(2):  # it is found out, and it is known
        answers = await shards.score(requests(*PEOPLE[:count]))
        assert [it.policy for it in answers if isinstance(it, Choice)] == PEOPLE[:count]
    assert handles[1].asked == []


async def test_what_fails_for_a_person_alone_is_asked_once() -> None:
    class Picky(Shard):
        async def _score(self, requests: Sequence[ScoreRequest], carried: str) -> Any:
            await super()._score(requests, carried)
            return [ValueError(request.user_id) for request in requests]

    handles = [Picky(), Picky()]
    answers = await Shards(handles).score(requests(*PEOPLE))
    assert all(isinstance(it, ValueError) for it in answers)
    assert sorted(handles[0].asked + handles[1].asked) == sorted(PEOPLE)


async def test_what_a_shard_does_not_answer_in_time_costs_its_own_people_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handles_module, "CALL_LIMIT_S", 0.02)

    async def never(*_: object) -> list[Choice]:
        await asyncio.Event().wait()
        return []

    silent = Shard()
    silent.score = SimpleNamespace(remote=never)
    silent.status = SimpleNamespace(remote=lambda: never(None))
    shards = Shards([Shard(), silent])
    answers = await shards.score(requests(*PEOPLE))
    late = [it for it in answers if isinstance(it, Exception)]
    assert 0 < len(late) < len(PEOPLE)
    assert all(isinstance(it, TimeoutError) for it in late)
    answers = await shards.score(requests(*PEOPLE))
    assert all(isinstance(it, Choice) for it in answers)


@pytest.mark.parametrize("away", AWAY, ids=repr)
async def test_a_shard_that_failed_is_asked_again_once_it_says_that_it_is_there(
    monkeypatch: pytest.MonkeyPatch, away: BaseException
) -> None:
    monkeypatch.setattr(handles_module, "LOOK_EVERY_S", 0.01)
    shard = Shard(away)
    shards = Shards([shard])
    await shards.score(requests("ada"))
    looks = shards._away[0]
    await asyncio.sleep(0.05)
    (again,) = await shards.score(requests("ada"))
    assert isinstance(again, Unavailable)
    shard._away = None
    await asyncio.wait_for(looks, 5)
    (back,) = await shards.score(requests("ada"))
    assert isinstance(back, Choice)
    assert shards._away == {}


async def test_news_reach_the_persons_shard_with_the_newest_number() -> None:
    handles = [Shard(), Shard()]
    shards = Shards(handles)
    await shards.score(requests("ada"))
    for seq in (3, 5, 4):
        shards.wake("ada", seq)
    await asyncio.gather(*shards._waking)
    assert [handle.woken for handle in handles if handle.asked] == [{"ada": 5}]
    assert [handle.woken for handle in handles if not handle.asked] == [{}]


async def test_a_generator_that_is_cancelled_is_away(clock: ManualClock) -> None:
    async def fill(user_id: str, within_s: float, carried: str) -> None:
        raise asyncio.CancelledError

    refill = GeneratorRefill(handle_to(fill=fill), clock)
    refill.engine_ready = True
    with pytest.raises(Unavailable):
        await refill.now("ada", 1.0)
    refill.behind("ada")
    await refill._changes.settled()


async def test_nobody_waits_for_a_generator_that_was_late_a_moment_ago(clock: ManualClock) -> None:
    asked, is_late = list[str](), True

    async def fill(user_id: str, within_s: float, carried: str) -> None:
        asked.append(user_id)
        if is_late:
            await asyncio.Event().wait()

    refill = GeneratorRefill(handle_to(fill=fill), clock)
    refill.engine_ready = True
    with pytest.raises(TimeoutError):
        await refill.now("ada", 0.01)
    with pytest.raises(Unavailable):
        await refill.now("eve", 0.01)
    assert asked == ["ada"]
    is_late = False
    clock.advance(LATE_RESTS_S)
    await refill.now("eve", 5.0)
    assert asked == ["ada", "eve"]


async def test_sub_agents_are_asked_here_while_the_generator_is_away() -> None:
    here, there = Report((), NOW, None), Report((), NOW, NOW)

    class Here:
        async def listen(self, user_id: str) -> Report:
            return here

    async def gone(user_id: str, carried: str) -> Report:
        raise RuntimeError(user_id)

    async def answers(user_id: str, carried: str) -> Report:
        return there

    assert await GeneratorListener(handle_to(listen=gone), Here()).listen("ada") is here
    assert await GeneratorListener(handle_to(listen=answers), Here()).listen("ada") is there
