"""Every delivery policy passes every check; a new one is one file."""

import importlib
import math
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import ml.delivery.policies
from ml.delivery.policies import delivery_policies
from ml.delivery.policies.learnt import START
from ml.training import parameters
from oo.domain.fold import posterior_on
from oo.domain.interruptions import (
    FEATURES,
    NO_PUSHES,
    REWARDS,
    SILENCE,
    SPEAK,
    MomentKind,
    Occasion,
    Pushes,
    PushOutcome,
    arms,
    blame,
    features_of,
)
from oo.domain.policies import Policy, generator, pick
from oo.domain.statistics import Statistics, day_of
from oo.kit.plugins import discover

POLICIES = delivery_policies()
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = day_of(NOW)


def occasion(
    kind: MomentKind = MomentKind.USUAL_HOUR, pushes: Pushes = NO_PUSHES, confidence: float = 0.8
) -> dict[str, float]:
    return features_of(Occasion(kind, NOW, confidence, True, {}, pushes))


def many() -> list[dict[str, float]]:
    return [
        occasion(kind, Pushes(day, day + 2, ignored, ignored, 4.0, taken_up), confidence)
        for kind in MomentKind
        for day in (0, 2)
        for ignored in (0, 2)
        for taken_up in (False, True)
        for confidence in (0.2, 0.9)
    ]


def experienced(policy: Policy, outcome: PushOutcome, times: int = 20) -> Statistics:
    known = Statistics.empty(policy.dimension)
    for number in range(times):
        features = many()[number % len(many())]
        known = known.add(policy.embed(arms(policy, features)[SPEAK]), REWARDS[outcome])
    return known


@every_policy
def test_its_features_are_those_of_an_occasion(policy: Policy) -> None:
    assert set(policy.features) <= set(FEATURES)
    assert set(occasion()) == set(FEATURES)


@every_policy
def test_propensities_are_a_distribution_and_silence_earns_nothing(policy: Policy) -> None:
    for known in (Statistics.empty(policy.dimension), experienced(policy, PushOutcome.ACTED)):
        posterior = posterior_on(policy, known, DAY)
        for features in many():
            scored = policy.score(posterior, arms(policy, features), generator(1))
            assert scored.scores.shape == scored.propensities.shape == (2,)
            assert scored.scores[SILENCE] == 0.0
            assert np.all(scored.propensities >= 0)
            assert scored.propensities.sum() == pytest.approx(1.0, abs=1e-12)


@every_policy
def test_a_decision_repeats_and_is_drawn_as_it_says(policy: Policy) -> None:
    """χ² over many occasions: how often it spoke, by the probability that it named."""
    posterior = posterior_on(policy, experienced(policy, PushOutcome.OPENED, 5), DAY)
    said, spoke = [], []
    for seed in range(1500):
        x = arms(policy, many()[seed % len(many())])
        made = pick(policy, posterior, x, seed)
        assert pick(policy, posterior, x, seed).chosen == made.chosen
        said.append(made.propensities[SPEAK])
        spoke.append(made.chosen == SPEAK)
    chances, picks = np.array(said), np.array(spoke)
    assert not picks[chances == 0].any()
    assert picks[chances == 1].all()
    statistic, freedom = 0.0, 0
    for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 0.7), (0.7, 1.0)):
        bin_ = (chances > low) & (chances < high)
        spread = float((chances[bin_] * (1 - chances[bin_])).sum())
        if spread > 5:
            statistic += float(picks[bin_].sum() - chances[bin_].sum()) ** 2 / spread
            freedom += 1
    if freedom:
        assert stats.chi2.sf(statistic, freedom) > 0.001


LEARNT = POLICIES["learnt"]


def chance(known: Statistics, features: dict[str, float]) -> float:
    posterior = posterior_on(LEARNT, known, DAY)
    return float(LEARNT.score(posterior, arms(LEARNT, features), generator(1)).propensities[SPEAK])


def test_reactions_that_fade_lower_the_dose() -> None:
    fresh = occasion(pushes=Pushes(taken_up=True))
    by_outcome = [
        chance(experienced(LEARNT, outcome), fresh)
        for outcome in (PushOutcome.ACTED, PushOutcome.OPENED, PushOutcome.DISMISSED)
    ]
    assert by_outcome == sorted(by_outcome, reverse=True)
    nobody = Statistics.empty(LEARNT.dimension)
    by_dose = [
        chance(nobody, occasion(pushes=Pushes(n, 3 * n, 0, 0, 24.0 / (n + 1), taken_up=True)))
        for n in (0, 1, 2, 3)
    ]
    assert by_dose == sorted(by_dose, reverse=True)


def test_who_never_takes_one_up_is_left_in_peace_and_silence_keeps_its_share() -> None:
    nobody = Statistics.empty(LEARNT.dimension)
    ignored = [chance(nobody, occasion(pushes=Pushes(0, n, n, n, 30.0))) for n in range(1, 9)]
    assert ignored == sorted(ignored, reverse=True)
    assert ignored[4] < ignored[0] / 20
    glad = experienced(LEARNT, PushOutcome.ACTED, 200)
    assert chance(glad, occasion(pushes=Pushes(taken_up=True))) <= 0.95


def test_switching_off_is_shared_by_how_recent_a_push_was() -> None:
    shares = blame([1.0, 25.0, 49.0])
    assert math.isclose(sum(shares), sum(blame([5.0])))
    assert shares[0] == pytest.approx(2 * shares[1]) == pytest.approx(4 * shares[2])


def test_a_changed_prior_is_another_version() -> None:
    """Decisions are made again by the version that they name: give the new prior a new one."""
    assert LEARNT.version == "2"
    assert START.mean[0] > 0
    packed = LEARNT.parameters()  # type: ignore[attr-defined]
    assert parameters.digest(packed) == PRIOR_OF_VERSION_1


PRIOR_OF_VERSION_1 = "2edfd48e"


def test_a_fitted_prior_comes_back_from_its_bytes() -> None:
    fitted = LEARNT.with_prior(START._replace(noise=0.5))  # type: ignore[attr-defined]
    again = LEARNT.with_parameters(fitted.parameters())  # type: ignore[attr-defined]
    assert again.version == fitted.version != LEARNT.version
    x = arms(LEARNT, occasion())
    empty = Statistics.empty(LEARNT.dimension)
    made = [it.score(it.posterior(empty), x, generator(1)) for it in (fitted, again)]
    assert made[0].propensities.tolist() == made[1].propensities.tolist()


WEEKDAYS = """
from ml.delivery.policies._rule import Rule


class Weekdays(Rule):
    def advantage(self, named):
        return 1.0 - 2.0 * named["weekend"]


POLICY = Weekdays("weekdays", "1", ("weekend",))
"""


def test_a_policy_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weekdays.py").write_text(WEEKDAYS)
    monkeypatch.setattr(
        ml.delivery.policies, "__path__", [*ml.delivery.policies.__path__, str(tmp_path)]
    )
    importlib.invalidate_caches()
    try:
        found = discover(ml.delivery.policies, "POLICY", Policy)  # type: ignore[type-abstract]
        assert set(found) == {*POLICIES, "weekdays"}
        made = pick(found["weekdays"], None, arms(found["weekdays"], occasion()), 1)
        assert made.chosen == SPEAK
    finally:
        sys.modules.pop("ml.delivery.policies.weekdays", None)
