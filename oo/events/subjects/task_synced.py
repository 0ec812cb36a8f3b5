"""A source told of tasks that are new, changed or gone."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.task.synced",
    message="oo.events.v1.TaskSynced",
    words="A source told of tasks that are new, changed or gone.",
    fields=same("source", "put", "gone"),
    example={"source": "todoist", "put": 3, "gone": 1},
)
