"""Shards by address: people always reach the same one; one that is away costs only its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from deployments.handles import PER_CALL, GeneratorListener, GeneratorRefill, Shards
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
        self._away = away

    async def _score(self, requests: Sequence[ScoreRequest]) -> list[Choice]:
        if self._away:
            raise self._away
        self.asked += [request.user_id for request in requests]
        return [Choice(0, [0.0], [1.0], request.user_id, "1", 0) for request in requests]

    async def _wake(self, news: dict[str, int]) -> None:
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


async def test_everybody_gets_their_own_answer_from_their_own_shard(clock: ManualClock) -> None:
    handles = [Shard(), Shard(), Shard()]
    shards = Shards(handles, clock)
    for _ in range(2):
        answers = await shards.score(requests(*PEOPLE))
        assert [answer.policy for answer in answers if isinstance(answer, Choice)] == PEOPLE
    assert all(handle.asked for handle in handles)
    for handle in handles:
        others = {person for other in handles if other is not handle for person in other.asked}
        assert not others & set(handle.asked)


async def test_a_few_are_asked_for_in_one_call(clock: ManualClock) -> None:
    """A call costs as much as scoring several people; any shard can score anybody."""
    handles = [Shard(), Shard()]
    shards = Shards(handles, clock)
    few = PEOPLE[: PER_CALL - 1]
    answers = await shards.score(requests(*few))
    assert [answer.policy for answer in answers if isinstance(answer, Choice)] == few
    assert sorted(bool(handle.asked) for handle in handles) == [False, True]


async def test_a_few_do_not_go_along_to_a_shard_that_rests(clock: ManualClock) -> None:
    handles = [Shard(), Shard()]
    shards = Shards(handles, clock)
    few = PEOPLE[: PER_CALL - 1]
    await shards.score(requests(*few))
    away = next(handle for handle in handles if handle.asked)
    away._away, away.asked = RuntimeError("gone"), []
    await shards.score(requests(*few))
    answers = await shards.score(requests(*few))
    assert 0 < sum(isinstance(answer, Choice) for answer in answers) < len(few)


@pytest.mark.parametrize("away", AWAY, ids=repr)
async def test_a_shard_that_is_away_costs_only_its_own_people(
    clock: ManualClock, away: BaseException
) -> None:
    handles: list[Any] = [Shard(), Shard(away)]
    answers = await Shards(handles, clock).score(requests(*PEOPLE))
    failed = [p for p, one in zip(PEOPLE, answers, strict=True) if isinstance(one, Exception)]
    assert 0 < len(failed) < len(PEOPLE)
    assert not set(failed) & set(handles[0].asked)


@pytest.mark.parametrize("away", AWAY, ids=repr)
async def test_a_shard_that_failed_rests_for_a_moment(
    clock: ManualClock, away: BaseException
) -> None:
    shards = Shards([Shard(away)], clock)
    await shards.score(requests("ada"))
    (again,) = await shards.score(requests("ada"))
    assert isinstance(again, Unavailable)
    clock.advance(1.0)
    shards._handles[0]._away = None
    (back,) = await shards.score(requests("ada"))
    assert isinstance(back, Choice)


async def test_news_reach_the_persons_shard_with_the_newest_number(clock: ManualClock) -> None:
    handles = [Shard(), Shard()]
    shards = Shards(handles, clock)
    await shards.score(requests("ada"))
    for seq in (3, 5, 4):
        shards.wake("ada", seq)
    await asyncio.gather(*shards._waking)
    assert [handle.woken for handle in handles if handle.asked] == [{"ada": 5}]
    assert [handle.woken for handle in handles if not handle.asked] == [{}]


async def test_a_generator_that_is_cancelled_is_away() -> None:
    async def fill(user_id: str, within_s: float) -> None:
        raise asyncio.CancelledError

    refill = GeneratorRefill(handle_to(fill=fill))
    refill.engine_ready = True
    with pytest.raises(Unavailable):
        await refill.now("ada", 1.0)
    refill.behind("ada")
    await refill._changes.settled()


async def test_sub_agents_are_asked_here_while_the_generator_is_away() -> None:
    here, there = Report((), NOW, None), Report((), NOW, NOW)

    class Here:
        async def listen(self, user_id: str) -> Report:
            return here

    async def gone(user_id: str) -> Report:
        raise RuntimeError(user_id)

    async def answers(user_id: str) -> Report:
        return there

    assert await GeneratorListener(handle_to(listen=gone), Here()).listen("ada") is here
    assert await GeneratorListener(handle_to(listen=answers), Here()).listen("ada") is there
