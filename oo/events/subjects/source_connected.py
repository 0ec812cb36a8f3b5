"""A person connected a source."""

from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.source.connected",
    message="oo.events.v1.SourceConnected",
    words="A person connected a source.",
    fields=same("source"),
    example={"source": "todoist"},
)
