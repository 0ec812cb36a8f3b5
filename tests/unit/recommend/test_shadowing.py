"""Policies side by side: a shadow never costs a tip, and a change keeps what is known."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ml.policies import policies
from oo.kit.clock import ManualClock
from oo.recommend import shadowing
from oo.recommend.learner import Choice, Learner, ScoreRequest
from oo.recommend.shadowing import ShadowedLearners
from oo.store.database import Database
from tests.unit.recommend.conftest import FEATURES
from tests.unit.recommend.test_learner import react

KNOWN = policies()


class Wide(dict[str, list[float]]):
    """Every feature of two candidates."""

    def __missing__(self, name: str) -> list[float]:
        return [1.0, 0.5]


def wide(user: str, seq: int = 0) -> ScoreRequest:
    return ScoreRequest(user, seq, 7, Wide(FEATURES), 0)


async def test_a_late_shadow_is_left_out_and_asked_again(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "SHADOW_LIMIT_S", 0.02)
    learners = ShadowedLearners(db, clock, KNOWN["egreedy-v1"], [KNOWN["ebts"]])
    shadow, gate, calls = learners._shadows[0], asyncio.Event(), 0
    answer = shadow.score

    async def slow(requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        nonlocal calls
        calls += 1
        await gate.wait()
        return await answer(requests)

    monkeypatch.setattr(shadow, "score", slow)
    for _ in range(2):
        (choice,) = await learners.score([wide(user)])
        assert isinstance(choice, Choice)
        assert choice.shadows == ()
    assert calls == 1
    gate.set()
    await asyncio.gather(*learners._late.values())
    await asyncio.sleep(0)  # what is called back when they are done runs now
    monkeypatch.setattr(shadowing, "SHADOW_LIMIT_S", 10.0)
    (choice,) = await learners.score([wide(user)])
    assert [one.policy for one in choice.shadows] == ["ebts"]  # type: ignore[union-attr]


async def test_a_failing_shadow_is_left_out(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners = ShadowedLearners(db, clock, KNOWN["egreedy-v1"], [KNOWN["ebts"], KNOWN["lints"]])

    async def broken(_requests: Sequence[ScoreRequest]) -> list[Choice | Exception]:
        raise RuntimeError("broken")

    monkeypatch.setattr(learners._shadows[0], "score", broken)
    (choice,) = await learners.score([wide(user)])
    assert [one.policy for one in choice.shadows] == ["lints"]  # type: ignore[union-attr]


async def test_a_change_keeps_the_memory_of_policies_that_stay(
    db: Database, clock: ManualClock, user: str
) -> None:
    await react(db, clock, user, 3)
    learners = ShadowedLearners(db, clock, KNOWN["egreedy-v1"], [KNOWN["ebts"]])
    await learners.score([wide(user, 3)])
    before = (learners._in_force, learners._shadows[0])
    learners.change(KNOWN["ebts"], [KNOWN["egreedy-v1"], KNOWN["lints"]])
    assert (learners._shadows[0], learners._in_force) == before
    assert learners.in_force.name == "ebts"
    (choice,) = await learners.score([wide(user, 3)])
    assert isinstance(choice, Choice)
    assert (choice.policy, choice.state_seq) == ("ebts", 3)
    assert [one.policy for one in choice.shadows] == ["egreedy-v1", "lints"]


async def test_one_persons_error_is_nobody_elses(
    db: Database, clock: ManualClock, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = Learner(db, KNOWN["egreedy-v1"], clock)
    await learner.score([wide(user)])
    spoilt: Any = learner._models[user]
    spoilt.statistics = spoilt.statistics.add(np.full(7, np.nan), 1.0)
    spoilt.posterior = None
    failed, fine = await learner.score([wide(user), wide("f" * 32)])
    assert isinstance(failed, ValueError)
    assert isinstance(fine, Choice)
