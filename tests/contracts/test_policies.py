"""Every policy passes every check; a new one is one file."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import ml.policies
from ml.features import REGISTRY
from ml.policies import policies
from oo.domain.policy import Floats, Policy, Statistics, generator, pick
from oo.kit.plugins import discover

POLICIES = policies()
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())


def experience(policy: Policy, reactions: int = 30) -> Statistics:
    rng = np.random.default_rng(5)
    statistics = Statistics.empty(policy.dimension)
    for _ in range(reactions):
        x = rng.normal(size=len(policy.features))
        statistics = statistics.add(policy.embed(x), float(np.clip(x.sum(), -1, 1)))
    return statistics


def candidates(policy: Policy, k: int = 5, seed: int = 9) -> Floats:
    return np.random.default_rng(seed).normal(size=(k, len(policy.features)))


@every_policy
def test_its_features_are_in_the_registry(policy: Policy) -> None:
    assert set(policy.features) <= set(REGISTRY.names)
    assert len(set(policy.features)) == len(policy.features)


@every_policy
@pytest.mark.parametrize("k", [1, 2, 8, 50])
def test_propensities_are_a_distribution(policy: Policy, k: int) -> None:
    for statistics in (Statistics.empty(policy.dimension), experience(policy)):
        posterior = policy.posterior(statistics)
        scored = policy.score(posterior, candidates(policy, k), generator(1))
        assert scored.scores.shape == scored.propensities.shape == (k,)
        assert np.all(scored.propensities >= 0)
        assert scored.propensities.sum() == pytest.approx(1.0, abs=1e-12)
        assert np.all(np.isfinite(scored.scores))


@every_policy
def test_a_decision_repeats_from_its_seed(policy: Policy) -> None:
    posterior, x = policy.posterior(experience(policy)), candidates(policy)
    for seed in range(50):
        first, second = (pick(policy, posterior, x, seed) for _ in range(2))
        assert first.chosen == second.chosen
        assert first.propensities.tobytes() == second.propensities.tobytes()


@every_policy
def test_picks_follow_the_logged_propensities(policy: Policy) -> None:
    posterior, x = policy.posterior(experience(policy)), candidates(policy)
    picks = [pick(policy, posterior, x, seed) for seed in range(4000)]
    expected = np.mean([one.propensities for one in picks], axis=0)
    counts = np.bincount([one.chosen for one in picks], minlength=len(x))
    possible = expected > 0
    assert counts[~possible].sum() == 0
    if possible.sum() > 1:
        result = stats.chisquare(counts[possible], expected[possible] * len(picks))
        assert result.pvalue > 1e-4


@every_policy
def test_the_state_survives_its_encoding(policy: Policy) -> None:
    statistics = experience(policy)
    again = Statistics.decode(statistics.encode())
    x = candidates(policy)
    first = policy.score(policy.posterior(statistics), x, generator(3))
    second = policy.score(policy.posterior(again), x, generator(3))
    assert first.propensities.tobytes() == second.propensities.tobytes()


@every_policy
def test_scoring_leaves_the_statistics_alone(policy: Policy) -> None:
    statistics = experience(policy)
    before = statistics.encode()
    policy.score(policy.posterior(statistics), candidates(policy), generator(1))
    assert statistics.encode() == before


@pytest.mark.parametrize("name", sorted(set(POLICIES) - {"random"}))
def test_it_learns_which_candidates_are_liked(name: str) -> None:
    policy, rng = POLICIES[name], np.random.default_rng(11)
    liked = rng.normal(size=len(policy.features))
    statistics = Statistics.empty(policy.dimension)
    gained, by_chance = [], []
    for step in range(300):
        x = rng.normal(size=(4, len(policy.features)))
        values = np.tanh(x @ liked)
        chosen = pick(policy, policy.posterior(statistics), x, step).chosen
        statistics = statistics.add(policy.embed(x[chosen]), float(values[chosen]))
        gained.append(values[chosen])
        by_chance.append(values.mean())
    assert np.mean(gained[-100:]) > np.mean(by_chance[-100:]) + 0.5


NEW = """
import numpy as np
from ml.policies._linear import Linear
from oo.domain.policy import Scored

class First(Linear):
    def posterior(self, statistics):
        return statistics

    def score(self, posterior, x, rng, offset=0.0):
        p = np.zeros(len(x))
        p[0] = 1.0
        return Scored(x[:, 0], p)

POLICY = First("first", "1", ("priority",))
"""


def test_a_new_policy_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first.py").write_text(NEW)
    monkeypatch.setattr(ml.policies, "__path__", [*ml.policies.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    try:
        found = discover(ml.policies, "POLICY", Policy)  # type: ignore[type-abstract]
        test_propensities_are_a_distribution(found["first"], 4)
        test_a_decision_repeats_from_its_seed(found["first"])
    finally:
        sys.modules.pop("ml.policies.first", None)
