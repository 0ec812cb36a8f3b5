"""The reward of a reaction (F3): what the person did, and after how long a look."""

from enum import StrEnum

DONE_TOO_FAST_S = 15.0
DONE_SOON_S = 120.0
DONE_LATER_S = 600.0


class Action(StrEnum):
    """The three gestures."""

    DONE = "done"
    SNOOZE = "snooze"
    DISMISS = "dismiss"


class Outcome(StrEnum):
    """What oO notices by itself about a tip that was seen."""

    MISSED = "missed"  # no reaction until the deadline
    DONE_ELSEWHERE = "done_elsewhere"  # its task was finished at its source


MISSED_REWARD = -0.1


def delayed_reward(after_s: float) -> float:
    """The reward in (0, 1] of a task that was finished elsewhere `after_s` seconds after its tip.

    The same steps as for *done*, without the one for being too fast: somebody who finishes the
    task at its source has acted on it.
    """
    return reward(Action.DONE, max(after_s, DONE_TOO_FAST_S))


def reward(action: Action, dwell_s: float) -> float:
    """The reward in [-1, 1] of `action` after the tip was visible for `dwell_s` seconds.

    A tip ticked off within 15 s was hardly acted on, so it counts against the pick; the bounds
    belong to the longer interval.
    """
    if action is Action.DISMISS:
        return -1.0
    if action is Action.SNOOZE:
        return 0.1
    if dwell_s < DONE_TOO_FAST_S:
        return -0.3
    if dwell_s < DONE_SOON_S:
        return 1.0
    if dwell_s < DONE_LATER_S:
        return 0.6
    return 0.3
