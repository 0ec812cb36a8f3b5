"""The contract of a reader: one form of list, one file in this folder, exported as ``READER``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

import oo.integrations.sources._lists
from oo.integrations.sources._lists._collected import Collected
from oo.kit import plugins


class Handed(NamedTuple):
    """What a person handed in: text whose lines end in whatever they end in."""

    filename: str
    text: str
    today: date


@dataclass(frozen=True, slots=True)
class Reader:
    """One form of list.

    `title` names it for the person ("a Todoist export"). `recognises` says how sure it is, from 0
    to 1, that a text is of its form, by the name of the file and the text; the surest reads.
    `read` puts everything into what was collected: each line that is not blank is a task, part of
    the form (`understood`), or named as not understood. It raises BadRequest and nothing else.
    `example` is a list of the form with an open and a finished task, for the contract test, or
    without a finished one where the form has none.
    """

    name: str
    title: str
    recognises: Callable[[str, str], float]
    read: Callable[[Handed, Collected], None]
    example: str


@cache
def readers() -> Mapping[str, Reader]:
    """Every reader in the folder, by its name."""
    found: dict[str, Reader] = plugins.discover(oo.integrations.sources._lists, "READER", Reader)
    return found


def reader_of(filename: str, text: str) -> Reader:
    """The reader that is surest of the form; plain text where none is."""
    return max(readers().values(), key=lambda reader: reader.recognises(filename.lower(), text))
