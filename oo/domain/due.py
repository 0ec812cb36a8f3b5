"""When a task is due, late and how old: the one definition, by the person's own calendar.

Features, contexts, claims and pages ask here. `local_now` is the present instant in the person's
zone; instants of tasks are in UTC.
"""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Protocol

from oo.domain.context import DayPart


class Dated(Protocol):
    """The dates of a task; `Task` has them, and so has what the store tells of a list."""

    @property
    def due(self) -> date | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def added_at(self) -> datetime | None: ...


def due_day(task: Dated, zone: tzinfo | None) -> date | None:
    """The local day on which the task is due: that of its instant, else the day it names."""
    return task.due if task.due_at is None else task.due_at.astimezone(zone).date()


def is_overdue(task: Dated, local_now: datetime) -> bool:
    """Whether its instant has passed or, where it has none, its day."""
    if task.due_at is not None:
        return task.due_at < local_now
    return task.due is not None and task.due < local_now.date()


def days_late(task: Dated, local_now: datetime) -> int | None:
    """Days since the due day: 0 on it, negative before it, None where there is none."""
    day = due_day(task, local_now.tzinfo)
    return None if day is None else (local_now.date() - day).days


def overdue_since(task: Dated, local_now: datetime) -> str | None:
    """The local time, as ``05:30``, of an instant that has passed on this very day."""
    if task.due_at is None or not is_overdue(task, local_now):
        return None
    at = task.due_at.astimezone(local_now.tzinfo)
    return f"{at:%H:%M}" if at.date() == local_now.date() else None


def age_days(task: Dated, local_now: datetime) -> int | None:
    """Days since the day on which it was added, None where the source does not say."""
    if task.added_at is None:
        return None
    return max(0, (local_now.date() - task.added_at.astimezone(local_now.tzinfo).date()).days)


def next_midnight(local_now: datetime) -> datetime:
    """The instant at which the local day ends."""
    return datetime.combine(local_now.date() + timedelta(days=1), time(0), local_now.tzinfo)


def start_of_daypart(local_now: datetime) -> datetime:
    """The instant at which the part of the day that it lies in began (also at midnight)."""
    part = DayPart.of(local_now.hour)
    edge = local_now.replace(minute=0, second=0, microsecond=0)
    while edge.hour != 0 and DayPart.of(edge.hour - 1) is part:
        edge -= timedelta(hours=1)
    return edge


def end_of_daypart(local_now: datetime) -> datetime:
    """The instant at which the part of the day that it lies in ends (also at midnight)."""
    part = DayPart.of(local_now.hour)
    edge = local_now.replace(minute=0, second=0, microsecond=0)
    while True:
        edge += timedelta(hours=1)
        if edge.hour == 0 or DayPart.of(edge.hour) is not part:
            return edge
