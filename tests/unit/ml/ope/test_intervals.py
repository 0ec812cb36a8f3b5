"""Intervals: repeatable, honest about their assumptions, right where a closed form exists."""

import numpy as np
import pytest
import typer
from scipy import stats
from typer.testing import CliRunner

from ml.ope.bootstrap import PercentileBootstrap, StudentisedBootstrap
from ml.ope.coverage import METHODS, measure
from ml.ope.coverage import main as coverage_command
from ml.ope.estimators import estimators
from ml.ope.estimators.dr import DR
from ml.ope.intervals import (
    EmpiricalBernstein,
    IntervalMethod,
    StudentT,
    degrees_of_freedom,
    pseudo_values,
    standard_error,
)
from ml.ope.policy_value import compare, effective_sample_size, evaluate
from ml.ope.quantiles import student_quantile
from ml.ope.simulation import World
from ml.ope.terms import Terms

UNBIASED = ("ips", "snips", "dr", "sndr")


def plain(values: np.ndarray) -> Terms:
    """Terms whose estimate is the mean of `values`."""
    return Terms(values, np.zeros(len(values)), np.ones(len(values)))


def every_method() -> list[IntervalMethod]:
    return [
        StudentT(),
        EmpiricalBernstein(),
        PercentileBootstrap(np.random.default_rng(0)),
        StudentisedBootstrap(np.random.default_rng(0)),
    ]


@pytest.mark.parametrize("probability", [0.6, 0.95, 0.975, 0.995])
@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 99, 100, 101, 5000])
def test_the_t_quantile_is_that_of_scipy(probability: float, degrees: int) -> None:
    expected = stats.t.ppf(probability, degrees)
    assert student_quantile(probability, degrees) == pytest.approx(expected, rel=1e-8)


def test_the_t_quantile_refuses_what_it_cannot_answer() -> None:
    with pytest.raises(ValueError, match="degree of freedom"):
        student_quantile(0.975, 0)


def test_on_normal_values_student_t_is_the_classical_interval() -> None:
    values = np.random.default_rng(1).standard_normal(5000)
    interval = StudentT().interval(plain(values))
    expected = stats.t.interval(0.95, 4999, values.mean(), stats.sem(values))
    assert interval[:2] == pytest.approx(expected, abs=1e-4)


def test_heavy_tails_cost_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    assert degrees_of_freedom(rng.standard_normal(1000)) > 800
    assert degrees_of_freedom(rng.standard_normal(1000) ** 5) < 30


def test_pseudo_values_of_an_unnormalised_estimator_are_its_values() -> None:
    log = World().log(50, np.random.default_rng(3))
    terms = estimators()["ips"].terms(log.feedback())
    np.testing.assert_allclose(pseudo_values(terms), terms.values, atol=1e-10)


def test_dependence_within_people_widens_the_interval() -> None:
    rng = np.random.default_rng(4)
    people = np.repeat(np.arange(40), 25)
    values = rng.standard_normal(40)[people] + 0.1 * rng.standard_normal(1000)
    assert standard_error(plain(values), people) > 3 * standard_error(plain(values))


def test_intervals_by_person_hold_the_truth_where_rounds_alone_do_not() -> None:
    rng = np.random.default_rng(11)
    people, hits = np.repeat(np.arange(20), 15), np.zeros(2)
    for _ in range(400):
        values = plain(rng.standard_normal(20)[people] + rng.standard_normal(300))
        intervals = StudentT().interval(values, clusters=people), StudentT().interval(values)
        hits += [one.lower <= 0 <= one.upper for one in intervals]
    assert 0.92 <= hits[0] / 400 <= 0.98
    assert hits[1] / 400 < 0.6


def test_singleton_clusters_are_rounds() -> None:
    log = World().log(80, np.random.default_rng(5))
    terms = estimators()["snips"].terms(log.feedback())
    assert standard_error(terms, np.arange(80)) == pytest.approx(standard_error(terms))


@pytest.mark.parametrize("method", every_method(), ids=lambda it: it.name)
def test_every_interval_holds_its_estimate(method: IntervalMethod) -> None:
    log = World().log(300, np.random.default_rng(6))
    for name in UNBIASED[:2]:
        terms = estimators()[name].terms(log.feedback())
        interval = method.interval(terms)
        assert interval.lower < terms.estimate < interval.upper
        assert method.interval(terms, 0.5).upper < interval.upper


@pytest.mark.parametrize("method", every_method(), ids=lambda it: it.name)
def test_one_round_has_no_interval(method: IntervalMethod) -> None:
    with pytest.raises(ValueError, match="at least two"):
        method.interval(plain(np.ones(1)))
    with pytest.raises(ValueError, match="at least two"):
        method.interval(plain(np.ones(5)), clusters=np.zeros(5))


@pytest.mark.parametrize("kind", [PercentileBootstrap, StudentisedBootstrap])
def test_a_bootstrap_is_repeatable_and_blocks_change_nothing_but_the_draw(
    kind: type[PercentileBootstrap] | type[StudentisedBootstrap],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terms = plain(np.random.default_rng(7).standard_normal(200))
    first, second = (kind(np.random.default_rng(8)).interval(terms) for _ in range(2))
    assert first == second
    monkeypatch.setattr("ml.ope.bootstrap.COUNTS_PER_BLOCK", 5000)
    blocks = kind(np.random.default_rng(8)).interval(terms)
    assert blocks == pytest.approx(first, abs=0.02)


def test_constant_values_have_an_interval_of_no_width() -> None:
    for method in every_method():
        assert method.interval(plain(np.full(20, 0.3)))[:2] == pytest.approx((0.3, 0.3))


def test_the_bernstein_bound_is_the_formula() -> None:
    values = np.array([0.0, 0.0, 1.0, 1.0])
    interval = EmpiricalBernstein(width=1.0).interval(plain(values))
    log_term = np.log(4 / 0.05)
    half = np.sqrt(2 * values.var(ddof=1) * log_term / 4) + 7 * log_term / 9
    assert interval.upper == pytest.approx(0.5 + half)


def test_the_effective_sample_size() -> None:
    assert effective_sample_size(np.ones(7)) == pytest.approx(7)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)
    assert effective_sample_size(np.zeros(3)) == 0


def test_an_estimate_says_what_to_trust_it_by() -> None:
    feedback = World().log(100, np.random.default_rng(9)).feedback()
    estimate = evaluate(estimators()["ips"], feedback)
    assert estimate.n == 100
    assert 0 < estimate.effective_sample_size < 100
    assert estimate.max_weight == feedback.weights.max()


def test_two_policies_are_compared_round_by_round() -> None:
    rng = np.random.default_rng(10)
    log = World().log(2000, rng)
    q_hat = np.zeros_like(log.evaluation)
    target = log.feedback(q_hat)
    uniform = log._replace(evaluation=np.full_like(log.evaluation, 0.2)).feedback(q_hat)
    better = compare(DR(), target, uniform)
    apart = DR().terms(target).estimate - DR().terms(uniform).estimate
    assert better.value == pytest.approx(apart)
    assert better.interval.lower > 0
    assert compare(DR(), target, target)[1:4] == (0.0, (0.0, 0.0, 0.95), 0.0)
    other = World().log(2000, rng).feedback(q_hat)
    with pytest.raises(ValueError, match="same logged rounds"):
        compare(DR(), target, other)


def test_the_command_prints_a_line_per_estimator() -> None:
    app = typer.Typer()
    app.command()(coverage_command)
    arguments = ["--logs", "3", "--rounds", "50", "--replicates", "50", "--jobs", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert all(f"│ {name} " in result.output for name in estimators())


def test_recommended_intervals_hold_the_truth_in_95_of_100_logs() -> None:
    rows = {row.estimator: row for row in measure(World(), 300, 1000, 100, seed=1)}
    student = METHODS.index("student-t")
    for name in UNBIASED:
        assert 0.92 <= rows[name].covered[student] <= 0.98, name
        assert abs(rows[name].bias) < 0.2 * rows[name].deviation, name
        assert rows[name].covered[METHODS.index("empirical-bernstein")] > 0.99, name
    assert rows["clipped-ips λ=2"].covered[student] < 0.8
    assert rows["dros λ=1"].covered[student] < 0.8
