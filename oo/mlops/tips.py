"""Tips on trial: what would be said of a list, and how good that is by rule."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ml.composing.choosing import choose
from ml.composing.evaluation import Quality, Recognition, quality, recognition
from ml.composing.writing import knowing_composer
from ml.languages.language import languages
from oo.domain.standing import Standing
from oo.domain.tasks import Task
from oo.recommend.assembly import assemble


class Composed(NamedTuple):
    """A tip that would be offered, with the kind of work of its task where it is known."""

    kind: str
    content: str
    activity: str | None
    insight: str


class TipReport(NamedTuple):
    """What an evaluation found, by language; `None` as a language means all."""

    recognition: Mapping[str | None, Recognition]
    quality: Mapping[str, Quality]


def evaluate(
    sets: int, seed: int, each: Callable[[Sequence[str]], Iterable[str]] = iter
) -> TipReport:
    """Judge `sets` sets of tips per language; `each` goes over the languages and may show it."""
    composer = knowing_composer()
    told: dict[str | None, Recognition] = {None: recognition(composer.recogniser)}
    found: dict[str, Quality] = {}
    for code in each(tuple(languages())):
        told[code] = recognition(composer.recogniser, code)
        found[code] = quality(composer, code, sets, seed)
    return TipReport(told, found)


def compose(
    tasks: Sequence[Task], zone: ZoneInfo, now: datetime, count: int, seed: int
) -> list[Composed]:
    """The tips that would be offered to somebody with this list at that instant."""
    composer = knowing_composer()
    context = assemble(Standing(tasks, zone).at(now), tasks)
    lines = choose(composer.lines(context, Random(seed)), count)
    return [Composed(one.kind.value, one.content, one.activity, one.insight) for one in lines]
