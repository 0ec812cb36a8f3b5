"""A simulation is repeatable, can go on from any day, and lets a policy know only what it may."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from ml.policies import policies
from ml.simulation.learner import Learner, Learnt
from ml.simulation.reactions import Answer
from ml.simulation.runner import Simulation, simulate
from ml.simulation.scenario import DAY, Scenario
from ml.simulation.tasks import NEVER
from ml.simulation.trace import Trace
from ml.simulation.world import MISSED_AFTER_MIN
from oo.domain.policies import pick
from oo.domain.statistics import EPOCH, Statistics, day_of
from tests.unit.ml.simulation.worlds import SMALL

EVERY_POLICY = sorted(policies())


def same(a: Trace, b: Trace) -> bool:
    """Whether two traces are equal, bit for bit."""
    return all(
        getattr(a, one.name).tobytes() == getattr(b, one.name).tobytes() for one in fields(Trace)
    )


@pytest.mark.parametrize("name", EVERY_POLICY)
def test_the_same_seed_gives_the_same_trace(name: str) -> None:
    first, second = (simulate(SMALL, policies()[name]) for _ in range(2))
    assert same(first, second)
    assert not same(first, simulate(replace(SMALL, seed=4), policies()[name]))


@pytest.mark.parametrize("name", ["egreedy-v1", "random"])
def test_a_saved_simulation_goes_on_as_if_nothing_had_happened(name: str, tmp_path: Path) -> None:
    simulation = Simulation(SMALL, policies()[name])
    for _ in range(3):
        simulation.run_day()
    simulation.save(tmp_path / "state")
    resumed = Simulation.load(tmp_path / "state")
    while not resumed.finished:
        resumed.run_day()
    assert same(resumed.trace, simulate(SMALL, policies()[name]))


@pytest.mark.parametrize("name", EVERY_POLICY)
def test_every_decision_has_its_propensity_and_an_exact_regret(name: str) -> None:
    trace = simulate(SMALL, policies()[name])
    assert np.all((trace.propensity > 0) & (trace.propensity <= 1))
    assert np.all(trace.regret >= 0)
    unseen = trace.answer == Answer.UNSEEN
    assert 0 < unseen.mean() < 0.4
    assert np.array_equal(np.isnan(trace.reward), unseen)
    assert np.array_equal(trace.arrival == NEVER, unseen)


def test_policies_meet_the_same_luck() -> None:
    a, b = (simulate(SMALL, policies()[name]) for name in ("egreedy-v1", "random"))
    assert np.array_equal(a.minute, b.minute)
    assert np.array_equal(a.answer == Answer.UNSEEN, b.answer == Answer.UNSEEN)


def test_reactions_arrive_late_and_misses_after_a_day() -> None:
    trace = simulate(SMALL, policies()["random"])
    known = trace.arrival != NEVER
    delay = (trace.arrival - trace.minute)[known]
    assert delay.min() >= 1
    missed = trace.answer == Answer.MISSED
    assert missed.any()
    assert set((trace.arrival - trace.minute)[missed]) == {MISSED_AFTER_MIN}


def test_a_policy_learns_exactly_what_is_known_when_it_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learnt: list[tuple[int, float]] = []
    original = Learner.learn

    def spy(self: Learner, person: int, one: Learnt) -> None:
        learnt.append((person, one.reward))
        original(self, person, one)

    monkeypatch.setattr(Learner, "learn", spy)
    trace = simulate(SMALL, policies()["egreedy-v1"])
    known = trace.arrival <= trace.minute[:, -1:]
    known[:, -1] = False
    assert len(learnt) == known.sum()
    for person in range(len(known)):
        rewards = sorted(reward for who, reward in learnt if who == person)
        assert rewards == sorted(trace.reward[person][known[person]])


def test_a_learner_picks_as_the_product_does() -> None:
    policy = policies()["egreedy-v1"]
    learner, rng = Learner(policy, 1), np.random.default_rng(1)
    statistics = Statistics.empty(policy.dimension)
    for seed in range(40):
        x = rng.normal(size=(1, 4, len(policy.features)))
        picks = learner.choose(x, np.array([seed]), 4)
        expected = pick(policy, policy.posterior(statistics), x[0], seed)
        assert picks.chosen[0] == expected.chosen
        assert picks.propensity[0] == expected.propensities[expected.chosen]
        one = Learnt(x[0, picks.chosen[0]], float(rng.normal()), 4)
        learner.learn(0, one)
        statistics = statistics.add(one.x, one.reward)


def test_learning_beats_chance() -> None:
    scenario = replace(SMALL, days=20)
    regret = {
        name: simulate(scenario, policies()[name]).regret.mean() for name in ("random", "linucb-v1")
    }
    assert regret["linucb-v1"] < 0.9 * regret["random"]


def test_a_scenario_survives_json() -> None:
    assert Scenario.from_dict(SMALL.to_dict()) == SMALL
    listed = SMALL.to_dict()
    listed["generation"]["mix"] = list(listed["generation"]["mix"])
    assert Scenario.from_dict(listed) == SMALL


def test_simulated_days_are_days_of_the_product() -> None:
    trace = simulate(SMALL, policies()["random"])
    assert trace.day().min() == 0
    assert trace.day().max() == SMALL.days - 1
    assert day_of(EPOCH) == 0
    assert np.all(np.diff(trace.minute, axis=1) >= 0)
    assert DAY == 1440


def test_a_trace_survives_its_file(tmp_path: Path) -> None:
    trace = simulate(SMALL, policies()["random"])
    trace.save(tmp_path / "trace.npz")
    assert same(Trace.load(tmp_path / "trace.npz"), trace)
