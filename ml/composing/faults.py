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
    """A tip as its reader sees it, in which language, and the task's kind of work if it has one."""

    content: str
    language: str
    activity: Activity | None = None


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


@cache
def _steps() -> dict[str, str]:
    """Every step of every kind of work, with the name of the kind."""
    return {
        step: name
        for name, activity in activities().items()
        for wording in activity.wordings.values()
        for steps in wording.steps.values()
        for step in steps
    } | {case.step: case.activity for case in casebook()}


def _is_foreign(prose: str, tip: Told) -> bool:
    """Whether it begins or ends with a step that belongs to another kind of work."""
    owner = next(
        (n for step, n in _steps().items() if prose.endswith(step) or prose.startswith(step)), None
    )
    return owner is not None and (tip.activity is None or owner != tip.activity.name)


def _heart(prose: str) -> str:
    """The longest sentence, which is the step nearly always."""
    return max(re.split(r"(?<=[.。:：])\s*", prose.strip()), key=len)
