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
from oo.domain.fold import posterior_on
from oo.domain.policies import (
    Experience,
    Policy,
    ScoresTogether,
    Trainable,
    generator,
    pick,
    pick_together,
)
from oo.domain.statistics import Floats, Statistics, day_weight
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
@pytest.mark.parametrize(("people", "k"), [(2, 6), (7, 1), (40, 6), (33, 3)])
def test_several_people_at_once_change_no_bit(policy: Policy, people: int, k: int) -> None:
    if not isinstance(policy, ScoresTogether):
        return  # it scores one after the other
    posteriors = [policy.posterior(experience(policy, n % 11)) for n in range(people)]
    alone = [candidates(policy, k, n) for n in range(people)]
    x = np.array([one.T for one in alone]).transpose(0, 2, 1)
    together = pick_together(policy, posteriors, x, range(people))
    for n in range(people):
        wanted = pick(policy, posteriors[n], np.array(alone[n].T.tolist()).T, n)
        assert together[n].chosen == wanted.chosen
        assert together[n].scores.tobytes() == wanted.scores.tobytes()
        assert together[n].propensities.tobytes() == wanted.propensities.tobytes()


@every_policy
def test_exact_ties_share(policy: Policy) -> None:
    same = np.repeat(candidates(policy, 1), 4, axis=0)
    for statistics in (Statistics.empty(policy.dimension), experience(policy)):
        propensities = policy.score(policy.posterior(statistics), same, generator(1)).propensities
        assert propensities == pytest.approx(np.full(4, 0.25), abs=0.05)


@every_policy
@pytest.mark.parametrize("day", [-4_000_000, -36_500, 36_500, 4_000_000])
def test_a_reaction_at_any_instant_leaves_it_able_to_decide(policy: Policy, day: int) -> None:
    x = candidates(policy)
    weight = day_weight(policy.decay, day)
    statistics = experience(policy).add(policy.embed(x[0]), 1.0, weight)
    for today in (day, 330):
        posterior = posterior_on(policy, statistics, today)
        scored = policy.score(posterior, x, generator(1))
        assert np.all(np.isfinite(scored.propensities))
        assert scored.propensities.sum() == pytest.approx(1.0)


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


@every_policy
def test_an_offset_known_in_advance_moves_the_choice(policy: Policy) -> None:
    posterior, x = policy.posterior(experience(policy)), candidates(policy)
    barred = np.array([0.0, -1e6, -1e6, -1e6, -1e6])
    propensities = policy.score(posterior, x, generator(1), barred).propensities
    assert policy.name == "random" or propensities.argmax() == 0


@every_policy
def test_an_explanation_adds_up(policy: Policy) -> None:
    posterior, x = policy.posterior(experience(policy)), candidates(policy)
    scores = policy.score(posterior, x, generator(1)).scores
    for row, score in zip(x, scores, strict=True):
        parts = policy.explain(posterior, row)
        assert [part.feature for part in parts] == list(policy.features)
        expected = sum(part.amount for part in parts)
        if policy.name.startswith("linucb"):  # its score holds a bonus for what is uncertain
            assert expected <= score
        else:
            assert expected == pytest.approx(score, abs=1e-9)
        assert all(part.sd >= 0 for part in parts)
        assert all(part.weight == pytest.approx(part.pooled + part.personal) for part in parts)


@every_policy
def test_silence_is_worth_nothing(policy: Policy) -> None:
    nothing = np.zeros(len(policy.features))
    assert np.all(policy.embed(nothing) == 0)


@every_policy
def test_a_revised_reward_is_as_if_it_had_been_the_first(policy: Policy) -> None:
    statistics, x = experience(policy), policy.embed(candidates(policy)[0])
    revised = statistics.add(x, -0.1, 1.5).revise(x, -0.1, 0.3, 1.5)
    direct = statistics.add(x, 0.3, 1.5)
    np.testing.assert_allclose(revised.b, direct.b, rtol=0, atol=1e-12)
    assert revised.q == pytest.approx(direct.q)
    assert (revised.A == direct.A).all()
    assert revised.n == direct.n


@pytest.mark.parametrize("name", [n for n, p in POLICIES.items() if isinstance(p, Trainable)])
def test_fitted_parameters_survive_and_name_their_version(name: str) -> None:
    policy = POLICIES[name]
    assert isinstance(policy, Trainable)
    rng = np.random.default_rng(4)
    people = {
        f"user-{u}": [
            Experience({f: rng.normal() for f in policy.features}, rng.uniform(-1, 1), day)
            for day in range(6)
        ]
        for u in range(4)
    }
    fitted = policy.fit(people)
    assert isinstance(fitted, Trainable)
    again = policy.with_parameters(fitted.parameters())
    x = candidates(fitted)
    scores = [
        one.score(one.posterior(experience(one)), x, generator(1)).scores for one in (fitted, again)
    ]
    assert scores[0].tobytes() == scores[1].tobytes()
    assert fitted.version == again.version != policy.version
    with pytest.raises(ValueError, match="parameters"):
        policy.with_parameters(fitted.parameters()[:-8])


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
from oo.domain.policies import Scored

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
