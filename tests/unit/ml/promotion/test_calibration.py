"""How often the gate errs, in small; `python -m ml.promotion.calibration` measures it in full."""

from math import comb

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from ml.promotion import calibration
from ml.promotion.calibration import RULES, measure, power, shares
from ml.promotion.worlds import NULLS, World
from oo.domain.rewards import MISSED_REWARD

SIMULATIONS, DECISIONS, BATCH = 200, 1500, 50
LEVEL = 0.05


def most_by_luck(n: int, chance: float, unlikely: float = 1e-3) -> int:
    """The smallest count that n trials of that chance exceed less often than `unlikely`."""
    tail, count = 1.0, 0
    while tail > unlikely:
        tail -= comb(n, count) * chance**count * (1 - chance) ** (n - count)
        count += 1
    return count - 1


@pytest.mark.parametrize("world", NULLS, ids=lambda world: world.name)
def test_no_better_policy_is_promoted_in_more_than_one_of_twenty(world: World) -> None:
    first = measure(world, SIMULATIONS, DECISIONS, BATCH, seed=1)
    promoted = (first >= 0).sum(axis=0)
    limit = most_by_luck(SIMULATIONS, LEVEL)
    assert promoted[RULES.index("both")] <= limit
    assert promoted[RULES.index("gate")] <= limit


def test_looking_often_with_a_plain_test_would_err_far_more_often() -> None:
    equal = NULLS[0]
    found = shares(measure(equal, SIMULATIONS, DECISIONS, BATCH, seed=1))
    assert found[RULES.index("naive")] > 0.12


def test_counting_decisions_before_their_default_rewards_would_err_far_more_often() -> None:
    (world,) = (one for one in NULLS if one.missed)
    passed = 0
    for seed in range(20):
        settled = world.evidence(DECISIONS, np.random.default_rng(seed))
        young = settled.take(settled.rewards != MISSED_REWARD)
        passed += calibration.promotes(young)
        assert not calibration.promotes(settled)
    assert passed >= 18


def test_a_better_policy_is_promoted() -> None:
    world = World("better", gain=0.2)
    first = measure(world, 30, 3000, 100, seed=1)
    found = power(first, 100, (1000, 3000))
    assert found[1] >= 0.9
    assert found[0] <= found[1]


def test_a_run_is_repeatable() -> None:
    runs = [measure(NULLS[-1], 5, 500, 50, seed=3) for _ in range(2)]
    np.testing.assert_array_equal(*runs)


def test_the_command_prints_both_tables() -> None:
    app = typer.Typer()
    app.command()(calibration.main)
    arguments = ["--simulations", "2", "--powered", "2", "--decisions", "200", "--longest", "1000"]
    result = CliRunner().invoke(app, [*arguments, "--jobs", "1"])
    assert result.exit_code == 0, result.output
    assert "False promotions in 2 logs" in result.output
    assert "explores 20%" in result.output
