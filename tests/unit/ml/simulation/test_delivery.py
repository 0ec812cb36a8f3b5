"""Simulated deliveries: repeatable, the same luck for all, and the loss of people is told."""

from dataclasses import replace

import numpy as np

from ml.delivery.policies import delivery_policies
from ml.simulation.delivery.report import entry, verdicts
from ml.simulation.delivery.runner import run
from ml.simulation.delivery.scenario import DeliveryScenario, ReceptivityModel
from ml.simulation.delivery.world import DeliveryWorld
from oo.domain.interruptions import SWITCH_OFF_COST

POLICIES = delivery_policies()
SMALL = DeliveryScenario(seed=5, people=12, days=5)


def test_the_same_seed_gives_the_same_result_bit_for_bit() -> None:
    first, second = (run(SMALL, POLICIES["learnt"]) for _ in range(2))
    assert first.reward.tobytes() == second.reward.tobytes()
    assert first.propensity.tobytes() == second.propensity.tobytes()


def test_nobody_is_pushed_beyond_the_budget_or_after_switching_off() -> None:
    trace = run(replace(SMALL, budget=2, days=10), POLICIES["always"])
    assert trace.pushes.max() == 2
    for person in np.flatnonzero(trace.off_day >= 0):
        assert trace.pushes[person, trace.off_day[person] + 1 :].sum() == 0
    assert (trace.off_day >= 0).any()
    lost = run(SMALL, POLICIES["never"])
    assert lost.pushes.sum() == lost.reward.sum() == 0


def test_switching_off_costs_what_the_product_charges() -> None:
    gone = replace(SMALL, receptivity=ReceptivityModel(hazard=10.0), people=6)
    trace = run(gone, POLICIES["always"])
    assert (trace.off_day == 0).all()
    assert (trace.reward[:, 0] <= 1.0 - SWITCH_OFF_COST).all()


def test_two_policies_meet_the_same_moments() -> None:
    worlds = [DeliveryWorld(SMALL) for _ in range(2)]
    for world in worlds:
        world.begin(0)
    first, second = (world.begin(1) for world in worlds)
    assert first.minute.tobytes() == second.minute.tobytes()
    assert first.luck.tobytes() == second.luck.tobytes()
    hours = first.minute % (24 * 60) / 60
    assert ((hours >= 8) & (hours < 22)).all(), "a moment in quiet hours"


def test_picks_come_as_often_as_propensities_say() -> None:
    trace = run(replace(SMALL, people=20, days=6), POLICIES["learnt"])
    p = trace.propensity
    z = (trace.spoke.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())
    assert abs(z) < 3.5
    assert len(p) > 200


def test_the_report_says_what_holds_and_what_does_not() -> None:
    entries = {name: entry([run(SMALL, POLICIES[name])]) for name in ("always", "learnt")}
    assert entries["always"].pushes.mean > entries["learnt"].pushes.mean
    found = verdicts(entries)
    assert set(found) == {
        "at most half the opt-outs of always",
        "silent within a week to who wants none",
    }
    turned = verdicts({"always": entries["learnt"], "learnt": entries["always"]})
    assert turned["silent within a week to who wants none"] in (True, False)
    assert entries["learnt"].to_dict()["reward"]["low"] <= entries["learnt"].reward.mean
