"""A person finished a task at its source."""

from collections.abc import Mapping
from typing import Any

from oo.domain.events import task_reference
from oo.events.subject import Subject


def fields(user_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Which task, by reference, and when."""
    return {"task": task_reference(user_id, payload["task_id"]), "finished_at": payload["at"]}


SUBJECT = Subject(
    name="signals.task.completed",
    message="oo.events.v1.TaskCompleted",
    words="A person finished a task at its source.",
    fields=fields,
    example={"task_id": "todoist:7", "at": "2026-11-21T09:00:00+00:00"},
)
