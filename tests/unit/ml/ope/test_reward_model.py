"""The reward model: ridge regression that never scores what it saw."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Reference

from ml.ope.reward_model import CrossFittedRidge, deal_folds, fit_ridge


def test_ridge_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    x, y = 5 + 3 * rng.standard_normal((80, 4)), rng.standard_normal(80)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    expected = Reference(alpha=2.0).fit(z, y).predict(z)
    np.testing.assert_allclose(fit_ridge(x, y, 2.0).predict(x), expected, atol=1e-10)


def test_a_constant_feature_is_harmless() -> None:
    x = np.column_stack([np.ones(10), np.arange(10.0)])
    predicted = fit_ridge(x, np.arange(10.0), 1e-6).predict(x)
    np.testing.assert_allclose(predicted, np.arange(10.0), atol=1e-5)


def test_a_group_is_never_split() -> None:
    people = np.array(["a", "b", "c", "d", "e", "f"] * 4)
    folds = deal_folds(people, 3, np.random.default_rng(1))
    assert all(len(set(folds[people == person])) == 1 for person in people)
    assert np.bincount(folds).tolist() == [8, 8, 8]


def test_fewer_groups_than_folds_get_one_each() -> None:
    folds = deal_folds(np.array([0, 0, 1]), 5, np.random.default_rng(2))
    assert sorted({*folds.tolist()}) == [0, 1]
    with pytest.raises(ValueError, match="at least two groups"):
        deal_folds(np.zeros(3), 5, np.random.default_rng(2))


def test_a_round_does_not_see_its_own_reward() -> None:
    rng = np.random.default_rng(3)
    features, actions = rng.standard_normal((40, 3, 2)), rng.integers(3, size=40)
    rewards = rng.standard_normal(40)
    model = CrossFittedRidge(folds=40)
    before = model.estimated_rewards(features, actions, rewards, np.random.default_rng(4))
    rewards[7] += 100
    after = model.estimated_rewards(features, actions, rewards, np.random.default_rng(4))
    np.testing.assert_array_equal(before[7], after[7])
    assert (before[6] != after[6]).all()


def test_a_linear_reward_is_learnt_and_padding_stays_zero() -> None:
    rng = np.random.default_rng(5)
    features, actions = rng.standard_normal((200, 3, 2)), rng.integers(2, size=200)
    mean = features @ np.array([1.0, -2.0]) + 0.5
    present = np.tile([True, True, False], (200, 1))
    q_hat = CrossFittedRidge(penalty=1e-6).estimated_rewards(
        features, actions, mean[np.arange(200), actions], rng, present=present
    )
    np.testing.assert_allclose(q_hat, np.where(present, mean, 0.0), atol=1e-6)


@pytest.mark.parametrize("arguments", [{"folds": 1}, {"penalty": 0.0}])
def test_senseless_settings_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"folds|penalty"):
        CrossFittedRidge(**arguments)
