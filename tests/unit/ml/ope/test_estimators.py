"""The estimators: equal to obp, and with the properties that theory promises."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.ope.estimator import Estimator
from ml.ope.estimators import estimators
from ml.ope.estimators.clipped_ips import ClippedIPS
from ml.ope.estimators.dm import DM
from ml.ope.estimators.dr import DR
from ml.ope.estimators.dros import DRos
from ml.ope.estimators.ips import IPS
from ml.ope.estimators.sndr import SNDR
from ml.ope.estimators.snips import SNIPS
from ml.ope.estimators.switch_dr import SwitchDR
from ml.ope.feedback import BanditFeedback
from ml.ope.reward_model import CrossFittedRidge
from ml.ope.simulation import World
from tests.unit.ml.ope.cases import Case, cases, checksum

OBP = json.loads(Path(__file__).with_name("obp_0_5_7.json").read_text())


def feedback_of(case: Case) -> BanditFeedback:
    return BanditFeedback(
        case.actions, case.rewards, case.pscores, case.evaluation, case.estimated_rewards
    )


def logged(seed: int, n: int = 60) -> BanditFeedback:
    """A simulated log with a reward model that is noise."""
    rng = np.random.default_rng(seed)
    log = World().log(n, rng)
    return log.feedback(rng.standard_normal(log.evaluation.shape))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize(
    "name", ["dm", "ips", "clipped-ips", "snips", "dr", "sndr", "switch-dr", "dros"]
)
def test_the_estimate_is_that_of_obp(case: Case, name: str) -> None:
    frozen = OBP[case.name]
    assert checksum(case) == pytest.approx(frozen["checksum"], rel=1e-12), "other inputs"
    tuned: dict[str, Estimator] = {
        "clipped-ips": ClippedIPS(case.clip),
        "switch-dr": SwitchDR(case.tau),
        "dros": DRos(case.shrink),
    }
    estimator = tuned.get(name, estimators()[name])
    estimate = estimator.terms(feedback_of(case)).estimate
    assert estimate == pytest.approx(frozen["values"][name], rel=0, abs=1e-9)


@given(st.integers(0, 10_000))
def test_dr_without_a_reward_model_is_ips(seed: int) -> None:
    feedback = logged(seed)
    blank = BanditFeedback(
        feedback.actions,
        feedback.rewards,
        feedback.pscores,
        feedback.evaluation,
        np.zeros_like(feedback.evaluation),
    )
    np.testing.assert_allclose(DR().terms(blank).values, IPS().terms(blank).values, atol=1e-12)
    assert SNDR().terms(blank).estimate == pytest.approx(SNIPS().terms(blank).estimate)


@given(st.integers(0, 10_000))
def test_switching_and_shrinking_lie_between_dm_and_dr(seed: int) -> None:
    feedback = logged(seed)
    direct, robust = DM().terms(feedback).values, DR().terms(feedback).values
    for none, all_of_it in ((SwitchDR(0.0), SwitchDR(np.inf)), (DRos(0.0), DRos(np.inf))):
        np.testing.assert_allclose(none.terms(feedback).values, direct, atol=1e-12)
        np.testing.assert_allclose(all_of_it.terms(feedback).values, robust, atol=1e-12)


@given(st.integers(0, 10_000), st.floats(-5, 5))
def test_snips_moves_with_the_rewards_and_ips_does_not(seed: int, shift: float) -> None:
    feedback = logged(seed)
    moved = BanditFeedback(
        feedback.actions, feedback.rewards + shift, feedback.pscores, feedback.evaluation
    )
    before, after = SNIPS().terms(feedback).estimate, SNIPS().terms(moved).estimate
    assert after - before == pytest.approx(shift, abs=1e-9)
    weight = feedback.weights.mean()
    before, after = IPS().terms(feedback).estimate, IPS().terms(moved).estimate
    assert after - before == pytest.approx(shift * weight, abs=1e-9)


@given(st.integers(0, 10_000))
def test_snips_stays_within_the_rewards(seed: int) -> None:
    feedback = logged(seed, n=5)
    assert -1 <= SNIPS().terms(feedback).estimate <= 1


@given(st.integers(0, 10_000))
def test_evaluating_the_logging_policy_gives_the_mean_reward(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 30, 4
    logging = rng.dirichlet(np.ones(k), n)
    actions = rng.integers(k, size=n)
    feedback = BanditFeedback(
        actions, rng.standard_normal(n), logging[np.arange(n), actions], logging
    )
    for estimator in (IPS(), SNIPS(), ClippedIPS(1.0)):
        assert estimator.terms(feedback).estimate == pytest.approx(feedback.rewards.mean())


@pytest.mark.parametrize("name", list(estimators()))
def test_the_values_average_to_the_estimate(name: str) -> None:
    terms = estimators()[name].terms(logged(1))
    assert terms.values.mean() == pytest.approx(terms.estimate, abs=1e-12)


def test_padding_changes_nothing() -> None:
    feedback = logged(2)
    wider = BanditFeedback(
        feedback.actions,
        feedback.rewards,
        feedback.pscores,
        np.pad(feedback.evaluation, ((0, 0), (0, 3))),
        np.pad(feedback.reward_model(), ((0, 0), (0, 3))),
    )
    for estimator in estimators().values():
        ours, theirs = estimator.terms(feedback).estimate, estimator.terms(wider).estimate
        assert ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("estimator", [IPS(), DR(), SNIPS(), SNDR()], ids=lambda it: it.name)
def test_the_error_over_many_logs_is_noise_alone(estimator: Estimator) -> None:
    world, rng = World(), np.random.default_rng(3)
    truth = world.value(rng, 5)
    errors = []
    for _ in range(300):
        log = world.log(400, rng)
        q_hat = CrossFittedRidge(2).estimated_rewards(log.features, log.actions, log.rewards, rng)
        errors.append(estimator.terms(log.feedback(q_hat)).estimate - truth)
    standard_error = np.std(errors) / np.sqrt(len(errors))
    assert abs(np.mean(errors)) < 3 * standard_error + 0.002


def test_clipping_is_biased_downwards_when_rewards_are_positive() -> None:
    feedback = logged(4, n=2000)
    positive = BanditFeedback(
        feedback.actions, np.ones(2000), feedback.pscores, feedback.evaluation
    )
    assert ClippedIPS(1.0).terms(positive).estimate < 0.9 < IPS().terms(positive).estimate


@pytest.mark.parametrize(
    "make", [lambda: ClippedIPS(0.0), lambda: SwitchDR(-1.0), lambda: DRos(float("nan"))]
)
def test_senseless_hyper_parameters_are_refused(make: type[Estimator]) -> None:
    with pytest.raises(ValueError, match="must"):
        make()


def test_a_reward_model_must_be_there_when_needed() -> None:
    feedback = World().log(10, np.random.default_rng(0)).feedback()
    for estimator in (DM(), DR(), SNDR(), SwitchDR(), DRos()):
        with pytest.raises(ValueError, match="estimated_rewards"):
            estimator.terms(feedback)


def test_no_overlap_is_an_error_of_the_self_normalised() -> None:
    feedback = BanditFeedback(
        np.zeros(3, int), np.ones(3), np.ones(3), np.tile([0.0, 1.0], (3, 1)), np.zeros((3, 2))
    )
    with pytest.raises(ValueError, match="no overlap"):
        SNIPS().terms(feedback)
    with pytest.raises(ValueError, match="no overlap"):
        SNDR().terms(feedback)
