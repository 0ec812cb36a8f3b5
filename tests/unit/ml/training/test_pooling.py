"""The population prior: EM climbs, finds what generated the data, and helps somebody new."""

from dataclasses import replace

import numpy as np
import pytest

from ml.policies import policies
from ml.policies._thompson import Thompson, best_shares, standard_normals
from ml.training.experience import statistics_of
from ml.training.pooling import People, Prior, refit, stack, vague
from oo.domain.policies import Experience
from oo.domain.statistics import Floats, Statistics
from tests.bench.learning.multiuser import ROWS, hierarchical, pooled, separate

D = 4


def people(count: int, reactions: int, seed: int = 1) -> tuple[People, Floats, Floats]:
    """Statistics of people with θ_u ~ N(μ, Σ), and μ and Σ."""
    rng = np.random.default_rng(seed)
    mean = np.array([0.5, -0.3, 0.0, 0.8])
    root = 0.3 * np.tril(rng.normal(size=(D, D))) + 0.2 * np.eye(D)
    found = []
    for _ in range(count):
        theta = mean + root @ rng.normal(size=D)
        state = Statistics.empty(D)
        for _ in range(reactions):
            x = rng.normal(size=D)
            state = state.add(x, float(x @ theta + 0.5 * rng.normal()))
        found.append(state)
    return stack(found), mean, root @ root.T


def log_posterior(start: Prior, prior: Prior, known: People) -> float:
    """Log marginal likelihood of the statistics, up to a constant, person by person."""
    total = 0.0
    precision = np.linalg.inv(prior.covariance)
    for A, b, q, n in zip(*known, strict=True):
        posterior = precision + A / prior.noise
        shifted = precision @ prior.mean + b / prior.noise
        total += 0.5 * (
            np.linalg.slogdet(precision)[1]
            - np.linalg.slogdet(posterior)[1]
            - n * np.log(prior.noise)
            - q / prior.noise
            - prior.mean @ precision @ prior.mean
            + shifted @ np.linalg.solve(posterior, shifted)
        )
    return float(total)


def test_each_iteration_makes_the_data_more_likely() -> None:
    known, _, _ = people(200, 20)
    start = vague(D)
    values = [log_posterior(start, refit(start, known, n), known) for n in range(1, 12)]
    assert np.all(np.diff(values) > -1e-6)


def test_it_finds_what_generated_the_data() -> None:
    known, mean, covariance = people(3000, 20)
    found = refit(vague(D), known, iterations=60)
    np.testing.assert_allclose(found.mean, mean, atol=0.05)
    np.testing.assert_allclose(found.covariance, covariance, atol=0.05)
    assert found.noise == pytest.approx(0.25, rel=0.05)


def test_few_people_leave_the_mean_uncertain() -> None:
    few, many = (refit(vague(D), people(count, 20)[0]) for count in (5, 500))
    assert np.trace(few.mean_covariance) > 20 * np.trace(many.mean_covariance)
    assert np.trace(few.predictive) > np.trace(few.covariance)


def test_nobody_changes_nothing() -> None:
    start = vague(D)
    assert refit(start, stack([Statistics.empty(D)])) is start


def test_a_prior_that_was_fitted_predicts_somebody_new_better() -> None:
    known, mean, _ = people(60, 20)
    fitted, start = refit(vague(D), known), vague(D)
    assert np.linalg.norm(fitted.mean - mean) < 0.3 * np.linalg.norm(start.mean - mean)


def test_learning_from_each_other_pays_with_ten_people() -> None:
    seeds = range(3)
    ours = np.mean([hierarchical(ROWS[0], seed) for seed in seeds])
    alone = np.mean([separate(ROWS[0], seed, 1.0) for seed in seeds])
    as_one = np.mean([pooled(ROWS[0], seed, 1.0) for seed in seeds])
    assert ours < 0.9 * min(alone, as_one)


def test_old_reactions_fade_and_the_prior_does_not() -> None:
    policy = policies()["ebts"]
    assert isinstance(policy, Thompson)
    one = dict.fromkeys(policy.features, 1.0)
    old, new = (
        statistics_of(policy, {"u": [Experience(one, 1.0, day), Experience({}, 0.0, 400)]})["u"]
        for day in (0, 400)
    )
    assert old.n == pytest.approx(1 + 0.98**400)
    assert new.n == pytest.approx(2.0)
    prior, faded = policy.posterior(Statistics.empty(16)), policy.posterior(old)
    np.testing.assert_allclose(faded.mean, prior.mean, atol=2e-3)
    np.testing.assert_allclose(faded.covariance, prior.covariance, atol=2e-3)


def test_trust_in_the_writer_follows_what_reactions_say() -> None:
    policy = policies()["ebts"]
    rng, place = np.random.default_rng(2), policy.features.index("llm_confidence")
    weights = {}
    for alignment in (1.0, 0.0, -1.0):
        state = Statistics.empty(policy.dimension)
        for _ in range(60):
            x = rng.uniform(-1, 1, size=policy.dimension)
            state = state.add(x, alignment * x[place])
        weights[alignment] = policy.posterior(state).mean[place]
    start = policy.posterior(Statistics.empty(policy.dimension)).mean[place]
    assert weights[1.0] > 0.5 > start > 0.05 > weights[0.0] > -0.05 > -0.5 > weights[-1.0]


@pytest.mark.parametrize("k", [2, 5, 12])
def test_monte_carlo_shares_are_close_to_the_truth(k: int) -> None:
    rng = np.random.default_rng(k)
    root = rng.normal(size=(k, k)) / 2
    means, covariance = rng.normal(size=k) / 2, root @ root.T + 0.1 * np.eye(k)
    draws = rng.multivariate_normal(means, covariance, size=200_000)
    truth = np.bincount(draws.argmax(axis=1), minlength=k) / len(draws)
    np.testing.assert_allclose(best_shares(means, covariance, 256), truth, atol=0.1)
    np.testing.assert_allclose(best_shares(means, covariance, 1000), truth, atol=0.05)


def test_the_draws_are_standard_normals() -> None:
    normals = standard_normals(256, 10)
    np.testing.assert_allclose(normals.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(normals.T @ normals / 256, np.eye(10), atol=1e-12)
    assert np.abs(normals).max() > 2.3


def test_a_wider_spread_explores_more() -> None:
    policy = policies()["ebts"]
    assert isinstance(policy, Thompson)
    x = np.random.default_rng(3).normal(size=(6, 16))
    state = Statistics.empty(16).add(x[0], 1.0)
    shares = [
        wider.score(wider.posterior(state), x, np.random.default_rng(0)).propensities.max()
        for wider in (replace(policy, spread=spread) for spread in (0.05, 0.5, 2.0))
    ]
    assert shares[0] > shares[1] > shares[2]
