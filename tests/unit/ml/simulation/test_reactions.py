"""Reactions follow the model, earn the product's rewards, and their mean is known exactly."""

import numpy as np
import pytest

from ml.simulation.personas import TASTES, Personas, draw_personas, wake
from ml.simulation.reactions import Answer, expected_reward, probabilities, react, rewards
from ml.simulation.scenario import PopulationModel
from oo.domain.rewards import MISSED_REWARD, Action, reward

MANY = 40_000


def one_person(times: int, seed: int = 1) -> Personas:
    """The same person, `times` over."""
    one = draw_personas(PopulationModel(people=1), seed)
    return Personas(
        **{name: np.repeat(getattr(one, name), times, axis=0) for name in Personas.__slots__}
    )


@pytest.mark.parametrize("appeal", [-2.0, -0.5, 0.0, 0.7, 2.5])
def test_the_expected_reward_is_the_mean_of_many_reactions(appeal: float) -> None:
    personas, rng = one_person(MANY), np.random.default_rng(2)
    found = react(personas, np.full(MANY, appeal), rng.random((2, MANY)), rng.normal(size=MANY))
    seen = found.answer != Answer.UNSEEN
    assert seen.mean() == pytest.approx(1 - personas.unseen[0], abs=0.01)
    expected = expected_reward(personas, np.full((MANY, 1), appeal))[0, 0]
    assert found.reward[seen].mean() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("dwell_s", [0.0, 14.9, 15.0, 119.0, 120.0, 599.0, 600.0, 5000.0])
def test_rewards_are_the_product_s(dwell_s: float) -> None:
    answers = np.arange(5)
    found = rewards(answers, np.full(5, dwell_s))
    assert found[:3].tolist() == [
        reward(action, dwell_s) for action in (Action.DONE, Action.SNOOZE, Action.DISMISS)
    ]
    assert found[3] == MISSED_REWARD
    assert np.isnan(found[4])


def test_what_appeals_more_is_done_more_and_earns_more() -> None:
    personas = draw_personas(PopulationModel(people=50), 5)
    appeal = np.tile(np.linspace(-2, 2, 9), (50, 1))
    done = probabilities(personas, appeal)[..., Answer.DONE]
    assert np.all(np.diff(done, axis=1) > 0)
    assert np.all(np.diff(expected_reward(personas, appeal).mean(axis=0)) > 0)
    np.testing.assert_allclose(probabilities(personas, appeal).sum(axis=-1), 1.0)


def test_without_heterogeneity_everybody_is_alike() -> None:
    alike = draw_personas(PopulationModel(people=20, heterogeneity=0.0), 1)
    assert np.ptp(alike.tastes, axis=0).max() == 0
    spread = [
        draw_personas(PopulationModel(people=2000, heterogeneity=h), 1).tastes.std(axis=0)
        for h in (1.0, 2.0)
    ]
    np.testing.assert_allclose(spread[1], 2 * spread[0])


def test_preferences_wander_as_far_as_drift_says() -> None:
    model = PopulationModel(people=3000, drift=0.1)
    personas = draw_personas(model, 1)
    before = personas.tastes
    for day in range(1, 5):
        wake(personas, model, 1, day)
    moved = (personas.tastes - before).std()
    assert moved == pytest.approx(0.1 * np.sqrt(4), rel=0.05)
    assert personas.tastes.shape == (3000, len(TASTES))
    assert personas.mood.std() == pytest.approx(model.mood_sd, rel=0.1)
