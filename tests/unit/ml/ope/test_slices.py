"""Slices: every label gets its part of the value, and the parts make the whole."""

import numpy as np
import pytest

from ml.ope.doubly_robust import DR
from ml.ope.estimators import Estimator
from ml.ope.importance_sampling import IPS, SNIPS
from ml.ope.reward_model import CrossFittedRidge
from ml.ope.simulation import Log, World
from ml.ope.slices import Slice, by_candidate, by_round

WORLD = World()


def log_of(n: int, seed: int) -> Log:
    return WORLD.log(n, np.random.default_rng(seed))


def test_the_slices_of_rounds_make_the_whole() -> None:
    feedback = log_of(300, 0).feedback()
    hours = np.array([str(n % 3) for n in range(300)])
    slices = by_round(IPS(), feedback, hours)
    assert [one.label for one in slices] == ["0", "1", "2"]
    assert _total(slices) == pytest.approx(IPS().terms(feedback).estimate)


@pytest.mark.parametrize("estimator", [IPS(), DR()], ids=lambda it: it.name)
def test_the_slices_of_candidates_make_the_whole(estimator: Estimator) -> None:
    log = log_of(300, 1)
    feedback = log.feedback(np.random.default_rng(1).standard_normal(log.evaluation.shape))
    labels = np.random.default_rng(2).choice(["small", "large"], log.evaluation.shape)
    slices = by_candidate(estimator, feedback, labels)
    assert sum(one.share for one in slices) == pytest.approx(1)
    assert _total(slices) == pytest.approx(estimator.terms(feedback).estimate)


@pytest.mark.parametrize("estimator", [SNIPS(), DR()], ids=lambda it: it.name)
def test_a_model_that_pleases_more_gets_the_credit(estimator: Estimator) -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(100):
        log = WORLD.log(500, rng)
        labels = rng.choice(["dull", "good"], log.evaluation.shape)
        chosen = labels[np.arange(500), log.actions]
        log = log._replace(rewards=log.rewards + np.where(chosen == "good", 1.0, 0.0))
        q_hat = CrossFittedRidge(2).estimated_rewards(log.features, log.actions, log.rewards, rng)
        dull, good = by_candidate(estimator, log.feedback(q_hat), labels)
        assert dull.estimate
        assert good.estimate
        assert good.estimate.interval.lower > dull.estimate.interval.lower
        hits += good.estimate.interval.lower <= TRUTH + 1 <= good.estimate.interval.upper
    assert 88 <= hits <= 100


def test_a_label_without_overlap_has_no_estimate() -> None:
    log = log_of(50, 4)
    labels = np.full(log.evaluation.shape, "shown")
    unseen = (log.actions + 1) % log.evaluation.shape[1]
    labels[np.arange(50), unseen] = "never"
    slices = {one.label: one for one in by_candidate(SNIPS(), log.feedback(), labels)}
    assert slices["never"].estimate is None
    assert slices["never"].share > 0
    assert slices["shown"].estimate


def test_labels_must_fit() -> None:
    feedback = log_of(10, 5).feedback()
    with pytest.raises(ValueError, match="shape"):
        by_round(IPS(), feedback, np.array(["a"]))
    with pytest.raises(ValueError, match="shape"):
        by_candidate(IPS(), feedback, np.full(10, "a"))


TRUTH = WORLD.value(np.random.default_rng(6), 200_000)


def _total(slices: list[Slice]) -> float:
    return sum(one.share * one.estimate.value for one in slices if one.estimate)
