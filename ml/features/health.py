"""Features of the person's health, from daily figures; 0 where there is none."""

from collections.abc import Callable
from datetime import timedelta

from ml.features.registry import Feature, Scope, Situation
from oo.domain.signals.kinds.measure import KIND as MEASURE

FULL_SLEEP_H = 10.0
FULL_STEPS = 15_000.0
DAY_S = 24 * 3600


def _figure(name: str, days_ago: int, full: float) -> Callable[[Situation], float]:
    """The figure of that day as a share of `full`, which is the most that it counts."""

    def compute(situation: Situation) -> float:
        measures = situation.of(MEASURE)
        if not measures:
            return 0.0
        day = situation.now.date() - timedelta(days=days_ago)
        values = [max(one.value, 0.0) for one in measures if one.name == name and one.day == day]
        return min(max(values, default=0.0), full) / full

    return compute


FEATURES = (
    Feature(
        "sleep_last_night",
        "how long you slept",
        "float",
        "hours of sleep, 10 or more is 1",
        "health",
        DAY_S,
        Scope.CONTEXT,
        False,
        _figure("sleep", 0, FULL_SLEEP_H),
    ),
    Feature(
        "steps_yesterday",
        "how much you walked",
        "float",
        "steps, 15,000 or more is 1",
        "health",
        DAY_S,
        Scope.CONTEXT,
        False,
        _figure("steps", 1, FULL_STEPS),
    ),
)
