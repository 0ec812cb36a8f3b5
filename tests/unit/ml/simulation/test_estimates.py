"""Intervals cover the truth as often as they say, and comparisons are paired by person."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from ml.policies import policies
from ml.simulation.compare import compare
from ml.simulation.estimates import (
    compare_traces,
    curve,
    interval,
    person_means,
    slices,
    summarise,
)
from ml.simulation.jobs import Job
from ml.simulation.runner import simulate
from ml.simulation.search import Space, variant_of
from ml.simulation.variants import Variant, parse, search_space
from oo.kit.errors import BadRequest
from tests.unit.ml.simulation.worlds import SMALL


def test_an_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    samples = rng.exponential(size=(2000, 60))
    covered = [one.low <= 1.0 <= one.high for one in map(interval, samples)]
    assert 0.92 < np.mean(covered) < 0.97


def test_people_and_not_decisions_are_counted() -> None:
    values = np.array([[1.0, np.nan], [3.0, 5.0]])
    assert person_means(values).tolist() == [1.0, 4.0]
    assert interval(person_means(values)).mean == 2.5


def test_a_policy_against_itself_is_a_draw() -> None:
    policy = policies()["egreedy-v1"]
    result = compare(policy, policy, SMALL, [1, 2])
    assert result.reward == (0.0, 0.0, 0.0)
    assert result.lift == (0.0, 0.0, 0.0)
    assert result.pairs == 2 * SMALL.population.people


def test_pairing_narrows_the_interval() -> None:
    scenario = replace(SMALL, days=10, population=replace(SMALL.population, people=60))
    a, b = (simulate(scenario, policies()[name]) for name in ("linucb-v1", "random"))
    paired = compare_traces([a], [b]).reward
    apart = [person_means(one.reward) for one in (a, b)]
    unpaired = np.hypot(*(np.ptp(interval(one)[1:]) for one in apart))
    assert paired.high - paired.low < unpaired
    assert compare_traces([a], [b]) == compare_traces([a], [b])


def test_a_curve_has_a_point_per_day_and_slices_share_the_decisions() -> None:
    trace = simulate(SMALL, policies()["random"])
    points = curve(trace, trace.reward)
    assert points.day.tolist() == list(range(SMALL.days))
    assert np.all((points.low <= points.mean) & (points.mean <= points.high))
    assert {"kind task", "morning", "priority 4"} <= set(slices(trace))
    summary = summarise(trace)
    assert summary.decisions == trace.reward.size
    total = summary.done_rate.mean + summary.dismiss_rate.mean + summary.missed_rate.mean
    assert 0 < total < 1


def test_a_variant_changes_fields_of_a_policy() -> None:
    variant = parse("egreedy-v1:epsilon=0.05")
    assert variant.label == "egreedy-v1 epsilon=0.05"
    assert variant.build() != Variant("egreedy-v1").build()
    assert Variant("egreedy-v1").build() == policies()["egreedy-v1"]
    assert {"epsilon", "penalty"} <= set(search_space("egreedy-v1"))
    assert search_space("random") == {}


def test_a_sweep_s_trial_is_a_policy_with_its_own_parameters() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(8):
        trial = study.ask()
        fixed = Space(["egreedy-v1", "linucb-v1"], {"seed": 1})(trial)
        variant = variant_of(trial.params | fixed)
        assert set(variant.params) == set(search_space(variant.policy))
        assert variant.build().name == variant.policy
        assert fixed == {"scenario": {"seed": 1}}


@pytest.mark.parametrize("wrong", ["nobody", "egreedy-v1:alpha=1", "egreedy-v1:epsilon=much"])
def test_a_wrong_variant_is_refused_with_what_there_is(wrong: str) -> None:
    with pytest.raises(BadRequest):
        parse(wrong)


def test_a_job_survives_its_file(tmp_path: Path) -> None:
    job = Job("a", SMALL, (parse("random"), parse("egreedy-v1:epsilon=0.2")), seeds=2)
    job.save(tmp_path)
    assert Job.load(tmp_path) == job
    assert job.total == 4
    assert [one.seed for one in job.scenarios] == [3, 4]
