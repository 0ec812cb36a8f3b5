"""The deterministic judge of tips: finds, by rule, what makes a tip useless to its reader (E12).

It knows nothing of how a tip was made. What it can find are the faults for which tips were turned
down beside those of a thoughtful writer: empty steps, steps foreign to the task, lengths that do
not fit, bare counts, another language, mannered phrases, the same again.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ml.activities.activity import Activity, activities
from ml.activities.casebook import casebook
from ml.activities.words import Words, stems
from ml.languages.detection import language_of
from oo.kit.yaml_files import read_yaml

PHRASES = Path(__file__).with_name("faults.yaml")
_QUOTED = re.compile("|".join(f"{re.escape(a)}.*?{re.escape(b)}" for a, b in (
    ("“", "”"), ("„", "“"), ("«", "»"), ("「", "」"),
)))  # fmt: skip
_MINUTES = re.compile(r"(\d+) ?(?:minutes?|min\b|Minuten?|minutos?|分)")
_COUNT = re.compile(
    r"^\W*(?:you have|du hast|tienes|tu as)?\W*\d+ [\w ]{3,40}[.。]?$|^\W*\d+件", re.IGNORECASE
)
SHORT = 12  # characters that no two steps begin or end with
LIKE = 0.6  # of the words of two titles, from which on they are one errand
SHORTEST, LONGEST = 0.1, 1.5  # of an activity's usual minutes, that a step may propose


class Fault(StrEnum):
    """What can be found."""

    EMPTY_STEP = "empty step"
    FOREIGN_STEP = "step foreign to the task"
    DURATION = "duration out of range"
    BARE_COUNT = "bare count"
    LANGUAGE = "another language"
    MANNERED = "mannered"
    REPEATED = "says the same again"


class Told(NamedTuple):
    """A tip as its reader sees it, in which language, with the kind of work and title of its task.

    Both are None where it has no task, and the kind where none is known.
    """

    content: str
    language: str
    activity: Activity | None = None
    title: str | None = None


def faults(tip: Told, beside: Sequence[str] = ()) -> tuple[Fault, ...]:
    """The faults of a tip; `beside` are the texts of others that the person saw lately."""
    prose = _QUOTED.sub(" ", tip.content).strip()
    found = []
    if _has(prose, tip.language, "empty"):
        found.append(Fault.EMPTY_STEP)
    if _has(prose, tip.language, "mannered"):
        found.append(Fault.MANNERED)
    if _COUNT.match(prose):
        found.append(Fault.BARE_COUNT)
    if not _fits(prose, tip.activity):
        found.append(Fault.DURATION)
    if _is_foreign(prose, tip):
        found.append(Fault.FOREIGN_STEP)
    if len(prose) > 30 and language_of([prose], lambda _: ()).code != tip.language:
        found.append(Fault.LANGUAGE)
    if any(_heart(prose) == _heart(_QUOTED.sub(" ", other)) for other in beside):
        found.append(Fault.REPEATED)
    return tuple(found)


@cache
def _phrases() -> dict[str, dict[str, re.Pattern[str]]]:
    body = read_yaml(PHRASES)
    return {
        code: {
            sort: re.compile("|".join(map(re.escape, texts)), re.IGNORECASE)
            for sort, texts in sorts.items()
        }
        for code, sorts in body.items()
    }


def _has(prose: str, language: str, sort: str) -> bool:
    return _phrases()[language][sort].search(prose) is not None


def _fits(prose: str, activity: Activity | None) -> bool:
    if activity is None:
        return True
    least, most = activity.minutes
    spans = [int(found) for found in _MINUTES.findall(prose)]
    return all(least * SHORTEST <= span <= most * LONGEST for span in spans)


class _Owner(NamedTuple):
    """Whose step it is: of which kind of work, and of which title, if of one."""

    activity: str
    title: str | None = None


@cache
def _steps() -> dict[str, _Owner]:
    """Every step as it begins or ends, with its owner; one with a name in it by both its ends."""
    found = {
        step: _Owner(name)
        for name, activity in activities().items()
        for wording in activity.wordings.values()
        for steps in wording.steps.values()
        for step in steps
    }
    for case in casebook():
        ends = (case.parts[0], case.parts[-1]) if len(case.parts) > 1 else (case.step,)
        found |= {end: _Owner(case.activity, case.title) for end in ends if len(end) >= SHORT}
    return found


def _is_foreign(prose: str, tip: Told) -> bool:
    """Whether it begins or ends with a step of another kind of work and of no title like this."""
    owner = next(
        (one for step, one in _steps().items() if prose.endswith(step) or prose.startswith(step)),
        None,
    )
    if owner is None or (tip.activity is not None and owner.activity == tip.activity.name):
        return False
    return not (owner.title and tip.title and _is_like(tip.title, owner.title, tip.language))


def _is_like(title: str, other: str, language: str) -> bool:
    """Whether two titles share most of their words, by weight: then they are one errand."""
    return _words(language).shared(stems(title), stems(other)).cosine >= LIKE


@cache
def _words(language: str) -> Words:
    return Words([stems(case.title) for case in casebook() if case.language == language])


def _heart(prose: str) -> str:
    """The longest sentence, which is the step nearly always."""
    return max(re.split(r"(?<=[.。:：])\s*", prose.strip()), key=len)
