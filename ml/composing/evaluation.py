"""How good composed tips are, by rule: recognition, faults, variety, speed, by language (E12)."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

from ml.activities.activity import FOLDER
from ml.activities.recogniser import Recogniser
from ml.composing.choosing import choose
from ml.composing.composer import Composer, Line
from ml.composing.faults import Fault, Told, faults
from ml.insights.insight import Scene
from ml.languages.language import languages
from oo.domain.context import DayPart, Heard, PromptContext, TaskFacts
from oo.kit.yaml_files import read_yaml

HELD_OUT = FOLDER.with_name("held_out.yaml")
SET = 6
DAYS = 14
LISTS_OF_DAYS = 6  # lists that are lived with for DAYS days: each costs as much as DAYS sets
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


class Example(NamedTuple):
    """A title that nothing was learnt from; `kinds` are what a reader takes it for, if anything."""

    title: str
    language: str
    kinds: tuple[str, ...]


class Recognition(NamedTuple):
    """How well kinds of work are told: shares of the titles whose kind a reader can tell.

    `right` is of those that got an answer; `answered_unclear` counts answers to titles of which
    nobody could tell.
    """

    titles: int
    right: float
    unknown: float
    answered_unclear: int


class Quality(NamedTuple):
    """The sets of one language: `faults` are shares of its tips.

    `distinct_2` is the share of different pairs of words (Li et al. 2016); `repeats` the share of
    tips, one a day over the same list for DAYS days, whose step or words were told before;
    `median_ms` is the time of a whole set.
    """

    tips: int
    faults: Mapping[Fault, float]
    languages_right: float
    distinct_2: float
    repeats: float
    median_ms: float


@cache
def held_out(path: Path = HELD_OUT) -> tuple[Example, ...]:
    """The test set."""
    rows = read_yaml(path)
    return tuple(Example(row["title"], row["lang"], _kinds(row["kind"])) for row in rows)


def _kinds(told: str | list[str] | None) -> tuple[str, ...]:
    if told is None:
        return ()
    return (told,) if isinstance(told, str) else tuple(told)


def recognition(recogniser: Recogniser, language: str | None = None) -> Recognition:
    """Over the held-out titles of one language, or of all."""
    examples = [one for one in held_out() if language in (None, one.language)]
    found = recogniser([one.title for one in examples])
    pairs = list(zip(examples, found, strict=True))
    answered = [
        (one, known.activity.name)
        for one, known in pairs
        if one.kinds and known.activity is not None
    ]
    clear = sum(bool(one.kinds) for one in examples)
    return Recognition(
        titles=len(examples),
        right=sum(name in one.kinds for one, name in answered) / max(len(answered), 1),
        unknown=1 - len(answered) / max(clear, 1),
        answered_unclear=sum(not one.kinds and k.activity is not None for one, k in pairs),
    )


def drawn(language: str, random: Random) -> PromptContext:
    """A list of held-out titles in one language, with dates and an hour."""
    titles = [one.title for one in held_out() if one.language == language]
    chosen = random.sample(titles, random.randint(2, 8))
    now = NOON + timedelta(hours=random.randrange(24 * 7))
    tasks = [_task(number, title, random) for number, title in enumerate(chosen)]
    late = sum((task.days_late or 0) > 0 for task in tasks)
    return PromptContext(
        DayPart.of(now.hour), now.weekday(), len(tasks), late, tuple(tasks), first_of_all=False
    )


def _task(number: int, title: str, random: Random) -> TaskFacts:
    late = random.choice((None, None, 0, -1, random.randint(-7, -2), random.randint(1, 30)))
    return TaskFacts(f"e:{number}", title, random.choice((1, 1, 1, 4)), late, _age(random), None)


def _age(random: Random) -> int:
    return int(random.expovariate(1 / 15))


def quality(composer: Composer, language: str, sets: int, seed: int) -> Quality:
    """Draws `sets` lists of a language and judges the set that each gets."""
    random = Random(f"{seed} {language}")
    found: Counter[Fault] = Counter()
    tips, right = 0, 0
    seconds: list[float] = []
    words: list[str] = []
    is_parted = bool(languages()[language].gap)
    for _ in range(sets):
        context = drawn(language, random)
        began = time.perf_counter()
        chosen = choose(composer.lines(context, random), SET)
        seconds.append(time.perf_counter() - began)
        scene = composer.scene(context)
        for line, fault in _judged(chosen, scene, language):
            found.update(fault)
            right += line.language == language
            words += line.content.split() if is_parted else list(line.content)
        tips += len(chosen)
    pairs = list(pairwise(words))
    return Quality(
        tips=tips,
        faults={fault: found[fault] / max(tips, 1) for fault in Fault},
        languages_right=right / max(tips, 1),
        distinct_2=len(set(pairs)) / max(len(pairs), 1),
        repeats=repeats(composer, language, LISTS_OF_DAYS, seed),
        median_ms=sorted(seconds)[len(seconds) // 2] * 1000,
    )


def repeats(composer: Composer, language: str, lists: int, seed: int) -> float:
    """The share of tips that say again what was said, of one a day for DAYS days over `lists`.

    Nothing on the list is done in that time. Any of a day's set may be the tip, as a bandit that
    knows nothing picks.
    """
    random, again = Random(f"days {seed} {language}"), 0
    for _ in range(lists):
        first, told = drawn(language, random), list[Line]()
        for day in range(DAYS):
            heard = [Heard(line.content, day - at) for at, line in enumerate(told)]
            today = replace(_later(first, day), heard=tuple(reversed(heard)))
            line = random.choice(choose(composer.lines(today, random), SET))
            again += any((line.step or line.content) in one.content for one in told)
            told.append(line)
    return again / max(lists * DAYS, 1)


def _later(context: PromptContext, days: int) -> PromptContext:
    tasks = tuple(
        replace(
            task,
            days_late=None if task.days_late is None else task.days_late + days,
            age_days=None if task.age_days is None else task.age_days + days,
        )
        for task in context.tasks
    )
    late = sum((task.days_late or 0) > 0 for task in tasks)
    weekday = (context.weekday + days) % 7
    return replace(context, weekday=weekday, tasks=tasks, overdue_count=late)


def _judged(
    lines: Sequence[Line], scene: Scene, language: str
) -> Iterator[tuple[Line, tuple[Fault, ...]]]:
    before: list[str] = []
    for line in lines:
        work = None if line.index is None else scene.works[line.index]
        activity, title = (work.activity, work.task.title) if work else (None, None)
        yield line, faults(Told(line.content, language, activity, title), before)
        before.append(line.content)
