"""Whether to interrupt a person: the arms, what is known at such a moment, and the rewards.

A delivery policy is a :class:`~oo.domain.policies.Policy` with two candidates: to say nothing,
whose features are all zero, and to speak. So scores are the expected reward of speaking over that
of silence, propensities are logged like any other's, and folds, replays and off-policy estimators
work on the log of deliveries as on that of tips.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from oo.domain.columns import Columns
from oo.domain.policies import Policy
from oo.domain.statistics import Floats

SILENCE, SPEAK = 0, 1
ARMS = ("silence", "speak")
WORTH = timedelta(hours=1)  # how long a tip that was sent is waited for, and worth sending at all
WEEK = timedelta(days=7)
FULL_DAY = 3.0
FULL_WEEK = 21.0
FULL_STREAK = 10.0
RECENT_H = 6.0
TRIAL_H = 7 * 24.0


class MomentKind(StrEnum):
    """Why a moment was thought of at all."""

    USUAL_HOUR = "usual_hour"
    GAP = "gap"
    DUE_SOON = "due_soon"
    AFTER_COMPLETION = "after_completion"
    IDLE = "idle"
    AFTER_QUIET = "after_quiet"


class Pushes(NamedTuple):
    """What a person got of late.

    `day` and `week` count pushes of the last 24 hours and seven days, `ignored` those of the week
    that nothing came of, `streak` how many in a row until now, however long ago; `hours` since the
    last one, None where there was none in the week. `taken_up` says whether anything ever came of
    one, as far back as the log goes; `first_hours` is how long ago the first was.
    """

    day: int = 0
    week: int = 0
    ignored: int = 0
    streak: int = 0
    hours: float | None = None
    taken_up: bool = False
    first_hours: float | None = None


NO_PUSHES = Pushes()


class Occasion(NamedTuple):
    """What is known at a moment at which oO could speak.

    `confidence` in [0, 1] is that of the best candidate that may be served, `pressing` whether a
    task is overdue or due today, `profile` the person's numbers (`oo.domain.profile`).
    """

    kind: MomentKind
    local: datetime
    confidence: float
    pressing: bool
    profile: Mapping[str, float]
    pushes: Pushes = NO_PUSHES


FEATURES: Mapping[str, str] = {
    "intercept": "1: how welcome pushes are to the person at all",
    "tip_confidence": "the writer's confidence in the best candidate, -1 to 1",
    "pressing": "whether a task is overdue or due today",
    "completion_rate": "share of tips done, less one half",
    "dismiss_rate": "share of tips waved away, less one half",
    "preferred_hour": "how near the hour is to that at which the person finishes things, -1 to 1",
    "hour_sin": "sine of the local hour",
    "hour_cos": "cosine of the local hour",
    "weekend": "whether it is Saturday or Sunday",
    "at_usual_hour": "the moment is one of the person's usual hours",
    "at_gap": "the moment is the beginning of a gap in the calendar",
    "at_due_soon": "the moment is before a task is due",
    "at_completion": "the moment is after a task was finished",
    "at_idle": "the person's page has just become idle",
    "dose_day": "pushes of the last 24 hours, 3 is 1",
    "dose_week": "pushes of the last seven days, 21 is 1",
    "ignored": "pushes of the week that nothing came of, as a share, one more counted as good",
    "ignored_streak": "ignored pushes in a row, 10 or more is 1",
    "taken_up": "whether the person ever took one up",
    "trial_over": "whether the first push is more than a week ago",
    "just_pushed": "1 right after a push, fading with 6 hours",
}
"""Every feature of an occasion by name, with what it says."""

_KIND_FEATURE = {
    MomentKind.USUAL_HOUR: "at_usual_hour",
    MomentKind.GAP: "at_gap",
    MomentKind.DUE_SOON: "at_due_soon",
    MomentKind.AFTER_COMPLETION: "at_completion",
    MomentKind.IDLE: "at_idle",
}


def features_of(occasion: Occasion) -> dict[str, float]:
    """Each of FEATURES by name, at that occasion."""
    local, pushes, profile = occasion.local, occasion.pushes, occasion.profile
    angle = 2 * math.pi * (local.hour + local.minute / 60) / 24
    sin, cos = math.sin(angle), math.cos(angle)
    near = sin * profile.get("preferred_hour_sin", 0.0)
    found = dict.fromkeys(FEATURES, 0.0)
    found |= {
        "intercept": 1.0,
        "tip_confidence": 2.0 * occasion.confidence - 1.0,
        "pressing": float(occasion.pressing),
        "completion_rate": profile.get("completion_rate", 0.5) - 0.5,
        "dismiss_rate": profile.get("dismiss_rate", 0.5) - 0.5,
        "preferred_hour": near + cos * profile.get("preferred_hour_cos", 0.0),
        "hour_sin": sin,
        "hour_cos": cos,
        "weekend": float(local.weekday() > 4),
        "dose_day": pushes.day / FULL_DAY,
        "dose_week": pushes.week / FULL_WEEK,
        "ignored": pushes.ignored / (pushes.week + 1),
        "ignored_streak": min(pushes.streak, FULL_STREAK) / FULL_STREAK,
        "taken_up": float(pushes.taken_up),
        "trial_over": float((pushes.first_hours or 0.0) > TRIAL_H),
        "just_pushed": 0.0 if pushes.hours is None else math.exp(-max(pushes.hours, 0) / RECENT_H),
    }
    if occasion.kind in _KIND_FEATURE:
        found[_KIND_FEATURE[occasion.kind]] = 1.0
    return found


def columns_of(features: Mapping[str, float]) -> Columns:
    """Features as a decision logs them: one value per arm, those of silence are 0."""
    own = {name: [0.0, value] for name, value in features.items() if value}
    return Columns(2, {name: 0.0 for name in features if name not in own}, own)


def arms(policy: Policy, features: Mapping[str, float]) -> Floats:
    """The matrix (2, d) of the policy's features: silence, then speaking."""
    x = np.zeros((2, len(policy.features)))
    x[SPEAK] = [features.get(name, 0.0) for name in policy.features]
    return x


class PushOutcome(StrEnum):
    """What came of a tip that was delivered."""

    ACTED = "acted"  # what it spoke of was done
    OPENED = "opened"  # looked at, or put off
    DISMISSED = "dismissed"  # waved away
    IGNORED = "ignored"  # nothing within its hour
    SWITCHED_OFF = "switched_off"  # of the last days: notifications were taken back afterwards


REWARDS: Mapping[PushOutcome, float] = {
    PushOutcome.ACTED: 1.0,
    PushOutcome.OPENED: 0.3,
    PushOutcome.DISMISSED: -0.3,
    PushOutcome.IGNORED: -0.1,
}
"""The reward of a push, in the units of that of a tip; silence earns 0."""

SWITCH_OFF_COST = 10.0  # what pushes earn a person in about forty days
BLAME_WITHIN = timedelta(days=3)
BLAME_HALF_LIFE_H = 24.0


def blame(hours_before: list[float]) -> list[float]:
    """What each of the recent pushes is charged when notifications are switched off, n values.

    SWITCH_OFF_COST is shared out, half as much for each day that a push lies further back.
    """
    weights = [0.5 ** (hours / BLAME_HALF_LIFE_H) for hours in hours_before]
    total = sum(weights)
    return [SWITCH_OFF_COST * weight / total for weight in weights]
