"""Every policy can say nothing, and does so the more the more it costs to speak."""

import numpy as np
import pytest

from ml.delivery.silence import Burden, decide
from ml.policies import policies
from tests.contracts.test_policies import candidates, experience

LEARNERS = {name: policy for name, policy in policies().items() if name != "random"}


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_silence_scores_nothing_but_its_own_certainty(name: str) -> None:
    policy = LEARNERS[name]
    made = decide(policy, policy.posterior(experience(policy)), candidates(policy), 0.0, 1)
    assert made.scores[-1] == pytest.approx(0.0, abs=1e-12)
    assert made.propensities.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_silence_wins_when_speaking_costs_too_much(name: str) -> None:
    policy = LEARNERS[name]
    posterior = policy.posterior(experience(policy))
    shares = [
        decide(policy, posterior, candidates(policy), charge, 1).propensities[-1]
        for charge in (0.0, 1.0, 100.0)
    ]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert decide(policy, posterior, candidates(policy), 100.0, 3).chosen is None


def test_a_dose_fades_and_only_a_high_one_costs() -> None:
    burden = Burden(threshold=2.0, cost=0.3, half_life_h=12.0)
    assert burden.dose([]) == 0
    assert burden.dose([0.0, 12.0, 24.0]) == pytest.approx(1.75)
    assert burden.charge(1.75) == 0
    assert burden.charge(burden.dose([0.0] * 4)) == pytest.approx(0.6)


def test_somebody_who_dislikes_tips_is_left_in_peace() -> None:
    policy = LEARNERS["ebts"]
    rng = np.random.default_rng(1)
    state = experience(policy, 0)
    told = 0
    for step in range(200):
        x = np.abs(rng.normal(size=(5, len(policy.features))))
        made = decide(policy, policy.posterior(state), x, 0.0, step)
        if made.chosen is not None:
            told += step >= 100
            state = state.add(policy.embed(x[made.chosen]), -1.0)
    assert told < 10
