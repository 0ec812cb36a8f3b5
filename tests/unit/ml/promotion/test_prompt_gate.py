"""The gate of prompts passes what is no worse, and nothing on thin evidence."""

import numpy as np
import pytest

from ml.ope.feedback import Floats
from ml.promotion.gate_report import Report
from ml.promotion.prompts import LEAST_PEOPLE, examine


def people(count: int, mean: float, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(mean, 0.2, count)


def report(gain: float, count: int = 400, dismissed: tuple[float, float] = (0.2, 0.2)) -> Report:
    given, others = people(count, 0.3 + gain, 1), people(900, 0.3, 2)
    return examine("new", "old", given, others, dismissed)


def failed(found: Report) -> list[str]:
    return [one.name for one in found.checks if not one.passed]


def test_what_is_better_or_alike_passes() -> None:
    assert report(0.1).passed
    assert report(0.0).passed


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_people_prove_nothing(count: int) -> None:
    found = report(0.3, count)
    assert "people in the smaller arm" in failed(found)
    assert count < LEAST_PEOPLE


def test_a_loss_and_more_dismissals_are_refused() -> None:
    assert failed(report(-0.1)) == ["gain, lower 95% bound"]
    assert failed(report(0.1, dismissed=(0.3, 0.2))) == ["more dismissals"]


def test_chance_seldom_lets_a_loss_of_the_limit_pass() -> None:
    passed = sum(
        examine("n", "o", people(60, 0.25, 2 * s), people(60, 0.3, 2 * s + 1), (0, 0)).passed
        for s in range(100)
    )
    assert passed <= 12  # of 100, at a true loss of just the limit
