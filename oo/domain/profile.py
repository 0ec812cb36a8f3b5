"""A person's profile: a few numbers that sum up the tips of their last 30 days (D3)."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from oo.domain.rewards import Action

WINDOW = timedelta(days=30)
FRESHNESS_S = 900
FULL_DWELL_S = 600.0
FULL_VOLUME = 10.0  # tips a day

# of somebody about whom nothing is known
DEFAULTS: Mapping[str, float] = MappingProxyType(
    {
        "completion_rate": 0.5,
        "dismiss_rate": 0.5,
        "mean_dwell": 0.0,
        "tip_volume": 0.0,
        "preferred_hour_sin": 0.0,
        "preferred_hour_cos": 0.0,
    }
)


class PastTip(NamedTuple):
    """A tip of the window: the local hour at which it was served, and the reaction, if any."""

    hour: float
    action: str | None
    dwell_s: float


def summarise(tips: Sequence[PastTip], days: float) -> dict[str, float]:
    """The numbers of a profile, named as in `DEFAULTS`, from the tips of the last `days` > 0 days.

    Rates count one imagined reaction of either sort, so that a single one decides nothing. The
    preferred hour is the mean direction of the hours of *done* on the 24 h circle (Mardia and
    Jupp, Directional Statistics, 2.2): the longer the vector, the more regular the person.
    """
    reacted = [tip for tip in tips if tip.action in set(Action)]
    done = [tip for tip in reacted if tip.action == Action.DONE]
    dismissed = sum(tip.action == Action.DISMISS for tip in reacted)
    angles = [2 * math.pi * tip.hour / 24 for tip in done]
    dwell = sum(tip.dwell_s for tip in reacted) / len(reacted) if reacted else 0.0
    return {
        "completion_rate": (len(done) + 1) / (len(reacted) + 2),
        "dismiss_rate": (dismissed + 1) / (len(reacted) + 2),
        "mean_dwell": min(dwell, FULL_DWELL_S) / FULL_DWELL_S,
        "tip_volume": min(len(tips) / days, FULL_VOLUME) / FULL_VOLUME,
        "preferred_hour_sin": sum(map(math.sin, angles)) / (len(done) + 1),
        "preferred_hour_cos": sum(map(math.cos, angles)) / (len(done) + 1),
    }
