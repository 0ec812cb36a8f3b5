"""The words of a line: the sentence of a fact, with a step before or after it.

Where each task of a fact has a name (:mod:`ml.naming`), the sentence holds names and the titles
stand beside the tip; else it quotes them, or they stand beside it with a step for the very title.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import NamedTuple

from ml.composing.steps import Step
from ml.generation.drafts import reference
from ml.generation.titles import display_title
from ml.insights.insight import Insight, Scene, Work
from ml.languages.language import Language
from ml.naming.name import Name, name_of

_SLOT = re.compile(r"\{(\w+)\}")
_EITHER = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\]")
_OPEN = re.compile(r"\{N\}|^\{n\}|: \{n\}")  # where the name of an action stands well
# Facts of dates are news, and may be said first. What is said of others explains the step at most.
NEWS = frozenset({
    "only_due_today", "due_today", "only_overdue", "longest_overdue", "overdue_days",
    "overdue_yesterday", "was_due_on", "overdue_since", "due_tomorrow", "due_on", "waiting",
    "most_at_stake", "not_to_leave", "somebody_waits",
})  # fmt: skip


class Wording(NamedTuple):
    """The words of a line, as its reader sees them and as a model says them.

    `holds_titles` says whether the titles of its tasks are in the text; `names` are the names that
    are.
    """

    content: str
    spoken: str
    holds_titles: bool
    names: tuple[str, ...] = ()


class _Sentence(NamedTuple):
    text: str
    is_first: bool
    names: tuple[Name, ...]
    is_beside: bool


class Wordings:
    """All that can be said of one insight, in an order drawn once: number after number differs."""

    def __init__(
        self,
        insight: Insight,
        scene: Scene,
        language: Language,
        random: Random,
        *,
        by_name: bool = True,
    ) -> None:
        self._insight = insight
        self._scene = scene
        self._language = language
        self._turn = random.randrange(2)
        self._names = _names(insight, language) if by_name else ()
        named = insight.name if self._names else ""
        self._facts = _shuffled(language.facts[insight.name], random)
        before = _apt(language.named.before.get(named, ()), self._names)
        after = (language.named.after if named else language.after).get(insight.name, ())
        self._before = _shuffled(before, random)
        self._after = _shuffled(_apt(after, self._names), random)

    def __call__(self, step: Step, number: int) -> Wording:
        """The words of the fact with this step."""
        sentence = self._sentence(step, number)
        texts = [
            _joined(self._filled(sentence, as_spoken), step.text, self._language, sentence.is_first)
            for as_spoken in (False, True)
        ]
        content, spoken = texts
        titles = [work.task.title for work in self._insight.works]
        holds = not sentence.is_beside or all(title in content for title in titles)
        names = tuple(name.text for name in sentence.names)
        return Wording(content, spoken, holds, names)

    def _sentence(self, step: Step, number: int) -> _Sentence:
        is_alone = self._insight.stands_alone
        can_follow = not is_alone and step.is_for_title and bool(self._after) and self._is_plain
        is_news = self._insight.name in NEWS and (number + self._turn) % 2 == 0
        if self._names and self._before and (is_news or not can_follow):
            return _Sentence(self._before[number % len(self._before)], True, self._names, True)
        if can_follow:
            text = self._after[number % len(self._after)]
            return _Sentence(text, False, self._names, True)
        return _Sentence(self._facts[number % len(self._facts)], True, (), False)

    @property
    def _is_plain(self) -> bool:
        """Whether the title can be shown as it was typed; another is cleaned where it is quoted."""
        work = self._insight.work
        return work is not None and display_title(work.task.title) == work.task.title

    def _filled(self, sentence: _Sentence, as_spoken: bool) -> str:
        values, language, works = self._insight.values, self._language, self._insight.works

        def quoted(place: int) -> str:
            text = _reference(works[place], self._scene) if as_spoken else _title(works[place])
            return language.quoted(text)

        def named(place: int) -> str:
            return quoted(place) if as_spoken else sentence.names[place].text

        words: dict[str, Callable[[], str]] = {
            "days": lambda: language.span(int(values["days"])),
            "weekday": lambda: language.weekday(int(values["weekday"])),
            "time": lambda: str(values["time"]),
            "count": lambda: str(values["count"]),
            "of": lambda: str(values["of"]),
            "moment": lambda: _moment(self._scene, language),
            **{slot: partial(quoted, place) for place, slot in enumerate("qrs")},
            **{slot: partial(named, place) for place, slot in enumerate("nmo")},
        }
        is_plural = bool(sentence.names) and sentence.names[0].is_plural
        text = _EITHER.sub(lambda either: either[1 + is_plural], sentence.text)
        text = _SLOT.sub(lambda slot: words[slot[1].lower()](), text)
        return text[:1].upper() + text[1:]


def _names(insight: Insight, language: Language) -> tuple[Name, ...]:
    """A name for each task of the insight, no two alike; none where one has none."""
    found = [name_of(work.task.title, language.code) for work in insight.works]
    names = tuple(name for name in found if name is not None)
    is_each_named = len(names) == len(found) == len({name.text for name in names})
    return names if is_each_named else ()


def _apt(sentences: Sequence[str], names: Sequence[Name]) -> tuple[str, ...]:
    """Those in which the first name stands well, as far as there are any."""
    if not names or not names[0].is_action:
        return tuple(sentences)
    found = tuple(text for text in sentences if _OPEN.search(text) or "{n}" not in text)
    return found or tuple(sentences)


def _title(work: Work) -> str:
    return display_title(work.task.title)


def _reference(work: Work, scene: Scene) -> str:
    return reference(scene.works.index(work))


def _moment(scene: Scene, language: Language) -> str:
    return language.moment_of(scene.context.weekday, scene.context.daypart)


def _shuffled(texts: Sequence[str], random: Random) -> tuple[str, ...]:
    return tuple(random.sample(texts, len(texts)))


def _joined(sentence: str, step: str, language: Language, is_first: bool) -> str:
    parts = (sentence, step) if is_first else (step, sentence)
    return language.gap.join(part for part in parts if part)
