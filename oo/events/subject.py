"""The contract of a subject: one file in `oo/events/subjects`, exported as ``SUBJECT``.

Its message is declared in `oo/events/schemas`; the row that it tells is written where the fact is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import oo.events.subjects
from oo.kit.plugins import BrokenPlugin, discover

Fields = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""From the person and the row's payload to the fields of the message; what is None is left out."""

STREAMS = ("signals", "feedback")  # what a subject begins with


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject: its name, its message and what of the row becomes which field.

    `tells` is the subject of the row in the outbox that is told; empty: its own. `example` is a
    payload as it is written there.
    """

    name: str
    message: str
    words: str
    fields: Fields
    example: Mapping[str, Any]
    tells: str = ""

    @property
    def row(self) -> str:
        """The subject of the rows that it tells."""
        return self.tells or self.name

    @property
    def stream(self) -> str:
        """What it begins with: the name of its stream."""
        return self.name.partition(".")[0]


@cache
def subjects() -> Mapping[str, Subject]:
    """All subjects by name; raises BrokenPlugin for a file that cannot be loaded."""
    found = discover(oo.events.subjects, "SUBJECT", Subject)
    for subject in found.values():
        if subject.stream not in STREAMS:
            raise BrokenPlugin(f"{subject.name}: a subject begins with one of {STREAMS}")
        if subject.row not in found:
            raise BrokenPlugin(f"{subject.name}: nobody tells {subject.row} under its own name")
    return found


def same(*names: str) -> Fields:
    """Fields that are named and valued as in the row."""
    return lambda user_id, payload: {name: payload[name] for name in names}
