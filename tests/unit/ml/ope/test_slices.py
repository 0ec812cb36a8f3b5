"""Slices: every label gets its part of the value, and the parts make the whole."""

import numpy as np
import pytest

from ml.ope.estimator import Estimator
from ml.ope.estimators.dr import DR
from ml.ope.estimators.ips import IPS
from ml.ope.estimators.snips import SNIPS
from ml.ope.feedback import Floats
from ml.ope.reward_model import CrossFittedRidge
from ml.ope.simulation import Log, World
from ml.ope.slices import Regression, Slice, by_candidate, by_round

WORLD = World()


def log_of(n: int, seed: int) -> Log:
    return WORLD.log(n, np.random.default_rng(seed))


def regression_on(log: Log) -> Regression:
    def estimated(outcome: Floats) -> Floats:
        model, folds = CrossFittedRidge(2), np.random.default_rng(0)
        return model.estimated_rewards(log.features, log.actions, outcome, folds)

    return estimated


def total(slices: list[Slice]) -> float:
    return sum(one.share * one.estimate.value for one in slices if one.estimate)


def test_the_slices_of_rounds_make_the_whole() -> None:
    feedback = log_of(300, 0).feedback()
    hours = np.array([str(n % 3) for n in range(300)])
    slices = by_round(IPS(), feedback, hours)
    assert [one.label for one in slices] == ["0", "1", "2"]
    assert total(slices) == pytest.approx(IPS().terms(feedback).estimate)


@pytest.mark.parametrize("estimator", [IPS(), SNIPS(), DR()], ids=lambda it: it.name)
def test_the_slices_of_candidates_make_the_whole(estimator: Estimator) -> None:
    log = log_of(300, 1)
    regression = regression_on(log)
    feedback = log.feedback(regression(log.rewards))
    labels = np.random.default_rng(2).choice(["small", "large", "none"], 300)
    slices = by_candidate(estimator, feedback, labels, regression=regression)
    assert total(slices) == pytest.approx(estimator.terms(feedback).estimate)


@pytest.mark.parametrize("estimator", [SNIPS(), DR()], ids=lambda it: it.name)
def test_a_model_gets_the_credit_that_is_its_own(estimator: Estimator) -> None:
    """Of two models that please alike, the logging policy gives one the better moments."""
    rng = np.random.default_rng(3)
    truth = {label: _truth(label) for label in ("plain", "fancy")}
    hits = dict.fromkeys(truth, 0)
    for _ in range(150):
        log = WORLD.log(600, rng)
        slices = by_candidate(
            estimator,
            log.feedback(),
            _labels(log.features)[np.arange(600), log.actions],
            regression=regression_on(log),
        )
        for one in slices:
            assert one.estimate
            interval = one.estimate.interval
            hits[one.label] += interval.lower <= truth[one.label] <= interval.upper
    assert all(0.9 <= hit / 150 <= 0.99 for hit in hits.values()), hits


def test_a_label_without_overlap_has_no_estimate() -> None:
    log = log_of(50, 4)
    never = np.zeros(log.evaluation.shape)
    never[:, 0] = 1.0
    feedback = log._replace(evaluation=never).feedback()
    labels = np.where(log.actions == 0, "first", "other")
    slices = {one.label: one for one in by_candidate(SNIPS(), feedback, labels)}
    assert slices["first"].estimate
    assert slices["first"].share == pytest.approx(1)
    assert slices["other"] == ("other", 0.0, None)


def test_labels_must_fit() -> None:
    feedback = log_of(10, 5).feedback()
    for divide in (by_round, by_candidate):
        with pytest.raises(ValueError, match="shape"):
            divide(IPS(), feedback, np.array(["a"]))


def test_a_regression_is_asked_for_where_it_is_needed() -> None:
    with pytest.raises(ValueError, match="estimated_rewards"):
        by_candidate(DR(), log_of(10, 6).feedback(), np.full(10, "a"))


def _labels(features: Floats) -> np.ndarray:
    return np.where(features[..., 2] > 0, "fancy", "plain")


def _truth(label: str) -> float:
    """E[Σ_a π_e r 1{label}] / E[Σ_a π_e 1{label}], from many rounds of the evaluation policy."""
    log = WORLD.log(400_000, np.random.default_rng(7))
    part = log.evaluation * (_labels(log.features) == label)
    return float((part * WORLD.mean_reward(log.features)).sum() / part.sum())
