"""A person disconnected a source."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.source.disconnected",
    message="oo.events.v1.SourceDisconnected",
    words="A person disconnected a source.",
    fields=same("source"),
    example={"source": "todoist"},
)
