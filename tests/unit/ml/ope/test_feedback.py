"""Logged feedback is checked where it enters."""

from dataclasses import replace

import numpy as np
import pytest

from ml.ope.feedback import BanditFeedback, pad
from ml.ope.support import supported, unsupported_mass

GOOD = BanditFeedback(
    actions=np.array([0, 1]),
    rewards=np.array([1.0, -1.0]),
    pscores=np.array([0.5, 1.0]),
    evaluation=np.array([[0.25, 0.75], [0.0, 1.0]]),
    estimated_rewards=np.zeros((2, 2)),
)


def test_weights_are_ratios_of_propensities() -> None:
    assert GOOD.weights.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actions": np.array([], int)}, "empty"),
        ({"rewards": np.zeros(3)}, r"rewards must have shape \(2,\)"),
        ({"pscores": np.ones((2, 1))}, "pscores must have shape"),
        ({"evaluation": np.ones(2)}, r"evaluation must have shape \(2, K\)"),
        ({"estimated_rewards": np.zeros((2, 3))}, "estimated_rewards must have shape"),
        ({"actions": np.array([0.0, 1.0])}, "integers"),
        ({"actions": np.array([0, 2])}, r"\[0, 2\)"),
        ({"actions": np.array([-1, 0])}, r"\[0, 2\)"),
        ({"rewards": np.array([0.0, np.nan])}, "rewards must be finite"),
        ({"pscores": np.array([0.0, 0.5])}, r"\(0, 1\]"),
        ({"pscores": np.array([0.5, 1.5])}, r"\(0, 1\]"),
        ({"pscores": np.array([0.5, np.nan])}, r"\(0, 1\]"),
        ({"evaluation": np.array([[0.5, 0.4], [0.0, 1.0]])}, "round 0 sums to 0.9"),
        ({"evaluation": np.array([[1.5, -0.5], [0.0, 1.0]])}, "not negative"),
        ({"evaluation": np.array([[np.inf, 0.0], [0.0, 1.0]])}, "finite"),
        ({"estimated_rewards": np.full((2, 2), np.inf)}, "estimated_rewards must be finite"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GOOD, **change)


def test_ragged_rows_are_padded() -> None:
    assert pad([[1.0], [2.0, 3.0]]).tolist() == [[1.0, 0.0], [2.0, 3.0]]
    assert pad([]).shape == (0, 0)


def test_support_is_what_the_log_could_have_shown() -> None:
    logging = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert unsupported_mass(logging, GOOD.evaluation).tolist() == [0.75, 0.0]
    assert supported(logging, GOOD.evaluation).tolist() == [False, True]
    with pytest.raises(ValueError, match="same shape"):
        unsupported_mass(logging, np.ones((2, 3)))
