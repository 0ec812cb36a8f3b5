"""Paired differences: unbiased, bounded where bets need it, and never made anew."""

from dataclasses import replace

import numpy as np
import pytest

from ml.promotion.differences import STAKE, differences, gains, past_regression, sparing
from ml.promotion.evidence import Evidence
from ml.promotion.worlds import NULLS, World

WORLDS = {world.name: world for world in (*NULLS, World("better", gain=0.2))}


def drawn(world: World, n: int = 1000, seed: int = 0) -> Evidence:
    return world.evidence(n, np.random.default_rng(seed))


@pytest.mark.parametrize("gain", [-0.1, 0.0, 0.2])
@pytest.mark.parametrize("foreign", [False, True])
def test_the_mean_is_the_true_gain(gain: float, foreign: bool) -> None:
    found = gains(drawn(World("known", gain=gain, foreign=foreign), 40_000))
    for values in (found.values, *found.cut.T):
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - gain) < 4 * error


@pytest.mark.parametrize("name", WORLDS)
def test_a_bet_loses_at_most_its_stake(name: str) -> None:
    evidence = drawn(WORLDS[name])
    for found in (gains(evidence), sparing(evidence)):
        assert (found.cut * found.bets).min() >= -STAKE - 1e-12


@pytest.mark.parametrize("name", WORLDS)
def test_more_decisions_change_nothing_about_earlier_ones(name: str) -> None:
    evidence = drawn(WORLDS[name])
    whole = gains(evidence)
    for n in (1, 49, 50, 51, 730):
        part = gains(evidence.first(n))
        np.testing.assert_allclose(part.values, whole.values[:n], atol=1e-12)
        np.testing.assert_allclose(part.cut, whole.cut[:n], atol=1e-12)


def test_a_policy_gains_nothing_on_itself() -> None:
    evidence = drawn(World("same"))
    same = replace(evidence, challenger=evidence.incumbent)
    np.testing.assert_array_equal(gains(same).values, 0.0)


def test_what_was_never_logged_counts_as_the_worst() -> None:
    evidence = drawn(World("same"), 200)
    logging = np.eye(5)[evidence.actions]  # as if the log had been sure of itself
    far = replace(evidence, logging=logging, rewards=np.ones(200), dismissed=np.zeros(200, bool))
    lowest = (far.challenger * logging).sum(axis=1) - 1.0
    assert far.unsupported == pytest.approx(1 - (far.challenger * logging).sum(axis=1).mean())
    assert gains(far).values.mean() <= 2 * lowest.mean() + 1e-9


def test_the_reward_model_learns_from_the_past_alone() -> None:
    rng = np.random.default_rng(0)
    features, actions = rng.standard_normal((300, 3, 2)), np.zeros(300, np.int64)
    outcome = np.clip(0.5 + 0.1 * features[:, 0, 0], 0, 1)
    q_hat = past_regression(features, actions, outcome)
    np.testing.assert_array_equal(q_hat[:50], 0.5)
    np.testing.assert_allclose(q_hat[250:, 0], outcome[250:], atol=0.03)
    changed = past_regression(features, actions, np.where(np.arange(300) < 200, outcome, 0.0))
    np.testing.assert_array_equal(changed[:200], q_hat[:200])


def test_features_that_never_vary_have_no_say() -> None:
    evidence = drawn(World("better", gain=0.1), 300)
    wider = np.concatenate([evidence.features, np.full((300, 5, 2), 7.0)], axis=2)
    same = differences(replace(evidence, features=wider), np.ones(300))
    np.testing.assert_allclose(same.values, differences(evidence, np.ones(300)).values)
