"""Bounds that may be looked at at any time."""

import math

import numpy as np
import pytest

from ml.promotion.differences import BETS, Differences
from ml.promotion.sequences import boundary, by_decision, by_person, widened

LOOKS = np.arange(50, 1001, 50)


def coins(rng: np.random.Generator, mean: float, n: int = 1000) -> Differences:
    """Values of ±1; no bet needs a cut."""
    values = np.where(rng.random(n) < (1 + mean) / 2, 1.0, -1.0)
    return Differences(values, np.repeat(values[:, None], len(BETS), axis=1), BETS)


@pytest.mark.parametrize("mean", [-0.3, 0.0, 0.3])
def test_the_truth_is_above_both_bounds_at_every_look(mean: float) -> None:
    broken = np.zeros(2)
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found, people = coins(rng, mean), rng.integers(40, size=1000)
        decision = by_decision(found, 0.05, LOOKS)
        person = by_person(found.values, people, 0.05, LOOKS)
        broken += [(decision > mean).any(), (person > mean).any()]
    assert (broken <= 12).all(), broken  # 5 expected at most; P(> 12) = 0.2%


def test_bounds_close_in_on_the_mean() -> None:
    rng = np.random.default_rng(0)
    found = coins(rng, 0.3, 20_000)
    looks = np.array([200, 2000, 20_000])
    people = rng.integers(200, size=20_000)
    for bound in (by_decision(found, 0.05, looks), by_person(found.values, people, 0.05, looks)):
        assert (np.diff(bound) > 0).all()
        assert 0.25 < bound[-1] < 0.3


def test_the_upper_tail_may_be_as_heavy_as_it_likes() -> None:
    found = coins(np.random.default_rng(0), 0.3)
    before = by_decision(found, 0.05, np.array([1000]))
    found.cut[500] = 1e9
    assert np.isfinite(after := by_decision(found, 0.05, np.array([1000]))).all()
    assert before[0] < after[0] < 10.0  # the mean is a million


def test_people_who_repeat_themselves_count_once() -> None:
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(20), 50)
    values = rng.choice([-1.0, 1.0], size=20)[people] + 0.3
    alone = by_person(values, np.arange(1000), 0.05, np.array([1000]))
    together = by_person(values, people, 0.05, np.array([1000]))
    assert together[0] < alone[0] - 0.5


def test_few_people_say_nothing() -> None:
    values = np.ones(100)
    for people in (np.zeros(100), np.arange(100) % 2):
        assert by_person(values + people, people, 0.05, np.array([100]))[0] == -math.inf


def test_the_boundary_is_wider_than_that_of_one_look_and_widest_for_few() -> None:
    assert all(boundary(n, 0.05) > 2.5 for n in (10, 100, 1000, 100_000))
    assert boundary(100_000, 0.05) < 3.5
    assert widened(2.8, 10_000) == pytest.approx(2.8, abs=1e-2)
    assert widened(2.8, 20) > 3.1
    assert widened(2.8, 2) == math.inf
