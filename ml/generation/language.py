"""The phrase bank: the language that the embedded model learnt, and what follows from it.

One file, ``phrases.yaml``, gives the sentences of the synthetic author, the closed grammar and the
test of a well-formed sentence. A tip outside the language may still be good
English; refusing it errs on the strict side.
"""

import re
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from oo.kit.yaml_files import read_yaml

_FILE = Path(__file__).with_name("phrases.yaml")
OTHER = "other"
_PART = re.compile(r"\[|\]|\||\{\w+\}|[^\[\]|{}]+")

_SLOTS = {
    "q": r"“t\d+”",
    "late": r"(?:\d+ days? (?:overdue|late)|overdue by \d+ days?|overdue since \d\d:\d\d)",
    "due": r"due (?:today|tomorrow|in \d+ days?|on \w+day)",
    "age_is": r"\d+ days? old",
    "age_was": r"added (?:today|\d+ days? ago)",
    "age_been": r"on your list for \d+ days?",
    "prio": r"(?:high|top) priority",
    "pressing": "most pressing",
    "count": r"\d+ (?:open|overdue) tasks?",
    "share": r"(?:\d+ of your \d+ open tasks (?:is|are)|all \d+ of your open tasks are) overdue",
    "clear": "nothing is overdue",
    "empty": "your list is empty",
    "now": r"this (?:late at night|weekend|(?:\w+day )?(?:morning|afternoon|evening))",
}
"""The form of each slot's phrases; whether they are true is the validator's question."""


class WorkClass(BaseModel):
    """A class of work: the verbs that name it and the next steps that fit it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verbs: tuple[str, ...]
    day: tuple[str, ...]
    night: tuple[str, ...]


class Frames(BaseModel):
    """The sentences of one kind of tip, by time of day or for any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: tuple[str, ...] = ()
    night: tuple[str, ...] = ()
    any: tuple[str, ...] = ()

    def at(self, *, night: bool) -> tuple[str, ...]:
        """Those that suit the hour."""
        return (*self.any, *(self.night if night else self.day))


class Bank(BaseModel):
    """The whole phrase bank."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: dict[str, WorkClass]
    slots: dict[str, tuple[str, ...]]
    frames: dict[str, Frames]


@cache
def bank() -> Bank:
    """The phrase bank, read once."""
    return Bank.model_validate(read_yaml(_FILE))


def work_of(title: str) -> str:
    """The class of work that the title's first words name; ``other`` if none does."""
    words = f"{title.casefold()} "
    return next((work for verb, work in _verbs() if words.startswith(verb)), OTHER)


def next_steps(work: str, *, night: bool) -> tuple[str, ...]:
    """The next steps that fit a class of work, and those that fit any."""
    names = dict.fromkeys((work, OTHER))
    classes = [bank().classes[name] for name in names]
    return tuple(step for found in classes for step in (found.night if night else found.day))


@cache
def _verbs() -> tuple[tuple[str, str], ...]:
    """Every verb with its class, the longest first, so that "call back" goes before "call"."""
    pairs = [
        (f"{verb.casefold()} ", name)
        for name, work in bank().classes.items()
        for verb in work.verbs
    ]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


def well_formed(content: str) -> bool:
    """Whether `content`, with references in place of titles, is a sentence of the language."""
    return any(frame.fullmatch(content) for frame in _patterns())


def _nudges() -> tuple[str, ...]:
    return tuple(n for work in bank().classes.values() for n in (*work.day, *work.night))


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    slots = dict(_SLOTS)
    slots.update({name: f"(?:{'|'.join(texts)})" for name, texts in bank().slots.items()})
    slots["nudge"] = f"(?:{'|'.join(_regex(nudge, slots) for nudge in _nudges())})"
    texts = {
        text
        for frames in bank().frames.values()
        for text in (*frames.any, *frames.day, *frames.night)
    }
    return tuple(re.compile(_regex(text, slots)) for text in sorted(texts))


def _regex(text: str, slots: dict[str, str]) -> str:
    return "".join(_translated(part, slots) for part in _PART.findall(text))


def _translated(part: str, slots: dict[str, str]) -> str:
    if part in "[|]":
        return {"[": "(?:", "|": "|", "]": ")"}[part]
    if part.startswith("{"):
        name = part[1:-1]
        form = slots[name.lower()]
        return form if name[0].islower() else f"(?=[A-Z0-9])(?i:{form})"
    return re.escape(part)
