"""A person's profile: a few numbers that sum up the tips of their last 30 days (D3).

A number is defined once, in `NUMBERS`: everything else that needs to know it reads it there.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from oo.domain.rewards import Action

WINDOW = timedelta(days=30)
FRESHNESS_S = 900
FULL_DWELL_S = 600.0
FULL_VOLUME = 10.0  # tips a day


class PastTip(NamedTuple):
    """A tip of the window: the local hour at which it was served, and the reaction, if any."""

    hour: float
    action: str | None
    dwell_s: float


class Past(NamedTuple):
    """What a profile is made from: the tips of the last `days` > 0 days, and those reacted to."""

    tips: Sequence[PastTip]
    reacted: Sequence[PastTip]
    days: float

    def share(self, action: Action) -> float:
        """How often a reaction was `action`.

        One imagined reaction of either sort is counted, so that a single one decides nothing.
        """
        return (sum(tip.action == action for tip in self.reacted) + 1) / (len(self.reacted) + 2)

    def hours_of_done(self, wave: Callable[[float], float]) -> float:
        """A coordinate of the mean direction of the hours of *done* on the 24 h circle.

        Mardia and Jupp, Directional Statistics, 2.2: the longer the vector, the more regular the
        person.
        """
        hours = [tip.hour for tip in self.reacted if tip.action == Action.DONE]
        return sum(wave(2 * math.pi * hour / 24) for hour in hours) / (len(hours) + 1)

    @property
    def dwell(self) -> float:
        """The mean time for which tips were visible, as a share of FULL_DWELL_S."""
        mean = sum(tip.dwell_s for tip in self.reacted) / max(len(self.reacted), 1)
        return min(mean, FULL_DWELL_S) / FULL_DWELL_S


@dataclass(frozen=True, slots=True)
class ProfileNumber:
    """One number of a profile.

    `default` is that of somebody about whom nothing is known. `unit` says how it is scaled,
    `words` tell the person what it is about. `is_feature` is false for a number that only goes
    into others.
    """

    name: str
    default: float
    sum_up: Callable[[Past], float]
    unit: str
    words: str
    is_feature: bool = True


AN_HOUR = "an hour at which you finish things"

NUMBERS = (
    ProfileNumber(
        "completion_rate",
        0.5,
        lambda past: past.share(Action.DONE),
        "share of reactions that were done, 0 to 1",
        "how often you finish things",
    ),
    ProfileNumber(
        "dismiss_rate",
        0.5,
        lambda past: past.share(Action.DISMISS),
        "share of reactions that were dismissals, 0 to 1",
        "how often you wave tips away",
    ),
    ProfileNumber(
        "mean_dwell",
        0.0,
        lambda past: past.dwell,
        "mean time that tips were visible, 10 min or more is 1",
        "how long you look at tips",
    ),
    ProfileNumber(
        "tip_volume",
        0.0,
        lambda past: min(len(past.tips) / past.days, FULL_VOLUME) / FULL_VOLUME,
        "tips per day, 10 or more is 1",
        "how many tips you get",
    ),
    ProfileNumber(
        "preferred_hour_sin",
        0.0,
        lambda past: past.hours_of_done(math.sin),
        "sine of the mean hour of done, by regularity",
        AN_HOUR,
        is_feature=False,
    ),
    ProfileNumber(
        "preferred_hour_cos",
        0.0,
        lambda past: past.hours_of_done(math.cos),
        "cosine of the mean hour of done, by regularity",
        AN_HOUR,
        is_feature=False,
    ),
)

DEFAULTS: Mapping[str, float] = MappingProxyType({one.name: one.default for one in NUMBERS})


def summarise(tips: Sequence[PastTip], days: float) -> dict[str, float]:
    """The numbers of a profile by name, from the tips of the last `days` > 0 days."""
    past = Past(tips, [tip for tip in tips if tip.action in set(Action)], days)
    return {one.name: one.sum_up(past) for one in NUMBERS}
