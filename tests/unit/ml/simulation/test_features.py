"""The simulator's arrays say what the product's own functions say of one candidate."""

import math

import numpy as np
import pytest

from ml.features import REGISTRY
from ml.features.registry import Feature, Registry, Scope
from ml.policies import policies
from ml.simulation import features
from ml.simulation.features import COLUMNS, Batch, column, design, offer
from ml.simulation.reactions import Answer
from ml.simulation.runner import Simulation
from ml.simulation.scenario import DAY, moment
from ml.simulation.simulated_profiles import profiles
from ml.simulation.world import World
from oo.domain.profile import DEFAULTS, PastTip, summarise
from tests.unit.ml.simulation.worlds import SMALL


def a_batch() -> Batch:
    """Candidates of the second day, with profiles that differ."""
    world = World(SMALL)
    world.begin(0)
    world.begin(1)
    people = SMALL.population.people
    rng = np.random.default_rng(4)
    return Batch(world.offer(1).tips, {name: rng.random(people) for name in DEFAULTS})


@pytest.mark.parametrize("name", REGISTRY.names)
def test_a_column_is_what_the_registry_computes(name: str) -> None:
    batch = a_batch()
    values = column(name, batch)
    people, k = batch.tips.kind.shape
    for person in range(people):
        profile = {key: float(of[person]) for key, of in batch.profile.items()}
        offers = [offer(batch.tips, person, one) for one in range(k)]
        expected = REGISTRY.columns(moment(batch.tips.now[person]), offers, profile)[name]
        np.testing.assert_allclose(values[person], expected, rtol=0, atol=1e-12)


def test_the_batch_has_all_sorts_of_candidates() -> None:
    tips = a_batch().tips
    assert set(tips.kind.ravel()) == {0, 1, 2, 3}
    assert {0, 1} <= set(tips.overdue().ravel().astype(int))
    assert (tips.slot == -1).any()
    for slots in tips.slot:
        about = slots[slots >= 0]
        assert len(set(about)) == len(about)


def test_columns_are_of_features_that_there_are() -> None:
    assert set(COLUMNS) <= set(REGISTRY.names)


def test_a_feature_without_a_column_is_computed_by_the_registry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = Scope.CONTEXT
    new = Feature(
        "sure", "how sure", "float", "", "tip", 60, context, True, lambda one: one.confidence
    )
    monkeypatch.setattr(features, "REGISTRY", Registry((*REGISTRY, new)))
    batch = a_batch()
    np.testing.assert_array_equal(column("sure", batch), batch.tips.confidence)


def test_the_design_has_a_column_per_feature_in_the_policy_s_order() -> None:
    batch = a_batch()
    for policy in policies().values():
        x = design(policy.features, batch)
        assert x.shape == (*batch.tips.kind.shape, len(policy.features))
        for index, name in enumerate(policy.features):
            np.testing.assert_array_equal(x[..., index], column(name, batch))


def test_profiles_are_those_of_the_product() -> None:
    simulation = Simulation(SMALL, policies()["random"])
    while not simulation.finished:
        simulation.run_day()
    trace, now = simulation.trace, np.full(SMALL.population.people, 4 * DAY + 700)
    found = profiles(trace, now)
    for person in range(SMALL.population.people):
        served = np.flatnonzero(trace.minute[person] < now[person])
        tips = [
            PastTip(
                hour=trace.minute[person, at] % DAY / 60,
                action=_action(trace.answer[person, at])
                if trace.arrival[person, at] <= now[person]
                else None,
                dwell_s=float(trace.dwell_s[person, at]),
            )
            for at in served
        ]
        expected = summarise(tips, now[person] / DAY)
        for name, value in expected.items():
            assert math.isclose(found[name][person], value, abs_tol=1e-12), name


def _action(answer: int) -> str | None:
    names = {Answer.DONE: "done", Answer.SNOOZE: "snooze", Answer.DISMISS: "dismiss"}
    return names.get(Answer(answer))
