"""Products of other features: what somebody likes at one hour they may not at another."""

from collections.abc import Callable

from ml.features import tasks, time
from ml.features.registry import Feature, Scope, Situation


def _about_task(situation: Situation) -> float:
    return float(situation.task is not None)


def _at_hour(
    name: str, unit: str, factor: Callable[[Situation], float], hour: Callable[[Situation], float]
) -> Feature:
    def compute(situation: Situation) -> float:
        strength = factor(situation)
        return strength * hour(situation) if strength else 0.0

    return Feature(
        name, time.OF_DAY, "float", unit, "tasks, clock", 60, Scope.CONTEXT, True, compute
    )


FEATURES = (
    Feature(
        "intercept",
        "a tip at all",
        "float",
        "1",
        "constant",
        0,
        Scope.CONTEXT,
        False,
        lambda _: 1.0,
    ),
    _at_hour("task_hour_sin", "hour_sin if about a task", _about_task, time.hour_sin),
    _at_hour("task_hour_cos", "hour_cos if about a task", _about_task, time.hour_cos),
    _at_hour("priority_hour_sin", "priority · hour_sin", tasks.priority, time.hour_sin),
    _at_hour("priority_hour_cos", "priority · hour_cos", tasks.priority, time.hour_cos),
)
