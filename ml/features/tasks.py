"""Features of the task that a candidate speaks of; 0 where it speaks of none."""

from ml.features.registry import Feature, Scope, Situation
from oo.domain.due import is_overdue

FULL_AGE_DAYS = 30.0
SYNC_FRESHNESS_S = 900


def _is_overdue(situation: Situation) -> float:
    task = situation.task
    return 0.0 if task is None else float(is_overdue(task, situation.now))


def _task_age(situation: Situation) -> float:
    task = situation.task
    if task is None or task.added_at is None:
        return 0.0
    days = (situation.now - task.added_at).total_seconds() / 86_400
    return min(max(days, 0.0), FULL_AGE_DAYS) / FULL_AGE_DAYS


def priority(situation: Situation) -> float:
    """The task's priority, 1 to 4 (highest) as 0 to 1."""
    return 0.0 if situation.task is None else (situation.task.priority - 1) / 3


FEATURES = (
    Feature(
        "is_overdue",
        "it is overdue",
        "bool",
        "0 or 1",
        "tasks",
        SYNC_FRESHNESS_S,
        Scope.CONTEXT,
        True,
        _is_overdue,
    ),
    Feature(
        "task_age_days",
        "how long it has waited",
        "float",
        "days since added, 30 or more is 1",
        "tasks",
        SYNC_FRESHNESS_S,
        Scope.CONTEXT,
        True,
        _task_age,
    ),
    Feature(
        "priority",
        "its priority",
        "float",
        "1 to 4 (highest) as 0 to 1",
        "tasks",
        SYNC_FRESHNESS_S,
        Scope.CONTEXT,
        True,
        priority,
    ),
)
