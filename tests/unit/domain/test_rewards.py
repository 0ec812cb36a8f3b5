"""The reward table of F3."""

import pytest

from oo.domain.rewards import Action, reward


@pytest.mark.parametrize(
    ("action", "dwell_s", "expected"),
    [
        (Action.DISMISS, 0, -1.0),
        (Action.DISMISS, 500, -1.0),
        (Action.SNOOZE, 3, 0.1),
        (Action.DONE, 0, -0.3),
        (Action.DONE, 14.999, -0.3),
        (Action.DONE, 15, 1.0),
        (Action.DONE, 119.999, 1.0),
        (Action.DONE, 120, 0.6),
        (Action.DONE, 599.999, 0.6),
        (Action.DONE, 600, 0.3),
        (Action.DONE, 100_000, 0.3),
    ],
)
def test_reward(action: Action, dwell_s: float, expected: float) -> None:
    assert reward(action, dwell_s) == expected
