"""A person's task, whichever source it came from."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One open task.

    `id` is unique within the person: ``<source>:<external id>``. `priority` runs from 1 (normal)
    to 4 (highest), as in Todoist's API. `due` is the local day on which it is due;
    `due_at` the exact instant where the source gives one. Instants are in UTC.
    """

    id: str
    source: str
    external_id: str
    title: str
    priority: int = 1
    due: date | None = None
    due_at: datetime | None = None
    added_at: datetime | None = None
    labels: tuple[str, ...] = ()
    project: str | None = None
    recurring: bool = False
