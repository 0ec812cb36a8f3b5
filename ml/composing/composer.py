"""The composer: from a person's context to sentences that may be said, each with its claims.

What comes out is a choice of texts, the weightiest first. A model picks and arranges them under a
grammar (:mod:`ml.composing.arranging`); where none answers, the first of them serve as they are.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from ml.activities.activity import Stake, activities
from ml.activities.matching import Matched, Matcher
from ml.activities.recogniser import Recognised, Recogniser
from ml.advice.advice import pieces
from ml.agents.agent import thoughts
from ml.composing.steps import NO_STEP, OF_OTHER_KIND, Step, steps_for
from ml.composing.wording import Wording, Wordings
from ml.generation.drafts import MAX_CONTENT
from ml.insights.insight import Insight, Scene, Work, insights
from ml.languages.detection import language_of
from ml.languages.language import Language
from oo.domain.claims import Claim, Fact
from oo.domain.context import HEARD_DAYS, Heard, PromptContext, TaskFacts
from oo.domain.tips import TipKind

STAKES = {Stake.LOW: -1.5, Stake.MEDIUM: 0.0, Stake.HIGH: 1.5}
PER_INSIGHT = 2  # texts of one insight: the person's bandit sees different wordings
ADVICE = 2.0  # below whatever has a task; at night, rest is the best that can be said
NIGHT_ADVICE = 6.5
HEARD = 3.0  # how much less weighs what was said today: more than a step for the very title adds
REST_DAYS = 5
# from which probability of its likeliest case on a kind of work is believed: below, one in three of
# those that were not sure was wrong, and one in five of the others
LIKELY, LIKELY_UNSURE = 0.2, 0.3
SURPRISE = 0.6  # how far chance may move a weight, so that days differ


@dataclass(frozen=True, slots=True)
class Line:
    """One text that may be said; true as long as its claims hold.

    `spoken` is the text as a model says it, with a reference (``t1``) for each title. `index` is
    the place of its task in the context. `insight` and `activity` name what it was made of,
    `step` is its last part; `weight` ranks it. What was heard in the last REST_DAYS is said only
    where nothing else is left (`rests`). `names` are those that stand for titles in its text.
    """

    kind: TipKind
    content: str
    spoken: str
    index: int | None
    weight: float
    language: str
    insight: str
    activity: str | None
    step: str | None
    claims: tuple[Claim, ...]
    rests: bool = False
    names: tuple[str, ...] = ()


class Composer:
    """Makes lines for contexts; one per process, since recogniser and matcher remember titles.

    Without a `matcher`, steps fit a task's kind of work and not its title.
    """

    def __init__(self, recogniser: Recogniser, matcher: Matcher | None = None) -> None:
        self.recogniser = recogniser
        self._matcher = matcher

    def language(self, context: PromptContext) -> Language:
        """The language of the person's list."""
        return language_of([task.title for task in context.tasks], self.recogniser.languages)

    def scene(self, context: PromptContext, language: Language | None = None) -> Scene:
        """The context, each task with its kind of work and what suits it."""
        titles = [task.title for task in context.tasks]
        found = self.recogniser(titles)
        if self._matcher is None:
            alone = zip(context.tasks, found, strict=True)
            return Scene(
                context, tuple(Work(task, kind.activity, kind.is_sure) for task, kind in alone)
            )
        code = (language or self.language(context)).code
        works = zip(context.tasks, found, self._matcher(titles, code), strict=True)
        known = self._matcher.kinds_of(code)
        return Scene(context, tuple(_work(*work, known) for work in works))

    def lines(self, context: PromptContext, random: Random) -> list[Line]:
        """All that may be said, the weightiest first; two lines of one insight differ in words."""
        language = self.language(context)
        scene = self.scene(context, language)
        found = self.say(insights(scene), scene, language, random)
        found += _advice(scene, language, random)
        found += self.say(thoughts(scene), scene, language, random)
        found = [_worn(line, context.heard) for line in found]
        return sorted(found, key=lambda line: -line.weight)

    def say(
        self,
        found: Iterable[Insight],
        scene: Scene,
        language: Language,
        random: Random,
        *,
        by_name: bool = True,
    ) -> list[Line]:
        """The lines of these insights that are short enough for a tip.

        Tasks are called by their names where they have some; a reader without the list beside
        them, such as a model, needs the titles.
        """
        return [
            line
            for insight in found
            for line in _said(insight, scene, language, random, by_name)
            if len(line.content) <= MAX_CONTENT
        ]


def _work(task: TaskFacts, kind: Recognised, matched: Matched, known: Collection[str]) -> Work:
    """The task with its kind of work, which titles that many write tell better than its words do.

    "tip run - old mattress, paint tins" has the words of painting, and is near a title about bins.
    "fridge temps log" has those of cleaning, and no title of cleaning is like it: no step follows.
    `known` are the kinds that have such titles.
    """
    nearest = matched.suiting[0] if matched.suiting else None
    name = None if kind.activity is None else kind.activity.name
    if nearest is not None and nearest.probability >= OF_OTHER_KIND:
        is_same = name == nearest.case.activity
        activity = activities()[nearest.case.activity]
        return Work(task, activity, kind.is_sure and is_same, matched.suiting)
    likely = matched.kinds.get(name or "", 0.0)
    is_likely = name not in known or likely >= (LIKELY if kind.is_sure else LIKELY_UNSURE)
    return Work(task, kind.activity, kind.is_sure and is_likely, matched.suiting, is_likely)


def _worn(line: Line, heard: Sequence[Heard]) -> Line:
    """The line, of less weight the more lately its words, its step or its advice were heard."""
    piece = pieces().get(line.insight) if line.index is None else None
    ends = tuple(piece.texts[line.language]) if piece else (line.step or line.content,)
    ago = next((one.days_ago for one in heard if any(end in one.content for end in ends)), None)
    if ago is None:
        return line
    return replace(line, weight=line.weight - HEARD * (1 - ago / HEARD_DAYS), rests=ago < REST_DAYS)


def _said(
    insight: Insight, scene: Scene, language: Language, random: Random, by_name: bool
) -> Iterator[Line]:
    if insight.name not in language.facts:
        return
    steps = [NO_STEP] if insight.stands_alone else steps_for(insight, scene, language, random)
    worded = Wordings(insight, scene, language, random, by_name=by_name)
    for number, step in enumerate(steps[:PER_INSIGHT]):
        wording = worded(step, number)
        names = Fact.TITLE if wording.holds_titles else Fact.ABOUT
        claims = _claims(scene, insight.works, insight.claims, names)
        yield _line(insight, scene, language, wording, step, number, claims, random)


def _line(
    insight: Insight,
    scene: Scene,
    language: Language,
    wording: Wording,
    step: Step,
    number: int,
    claims: tuple[Claim, ...],
    random: Random,
) -> Line:
    work = insight.work
    stake = 0.0 if work is None else STAKES[work.stake] + step.apt
    return Line(
        kind=insight.kind,
        content=wording.content,
        spoken=wording.spoken,
        index=None if work is None else scene.works.index(work),
        weight=insight.weight + stake - number + random.uniform(0, SURPRISE),
        language=language.code,
        insight=insight.name,
        activity=step.activity or (None if work is None else work.kind),
        step=step.text or None,
        claims=claims,
        names=wording.names,
    )


def _claims(
    scene: Scene, works: Sequence[Work], claims: Sequence[Claim], names: Fact = Fact.TITLE
) -> tuple[Claim, ...]:
    """What must hold: the part of the day that it was written for, each task open, the facts."""
    part = Claim(Fact.PART_OF_DAY, value=scene.context.daypart.value)
    named = [
        claim
        for work in works
        for claim in (work.claim(Fact.OPEN), work.claim(names, work.task.title))
    ]
    return tuple(dict.fromkeys((part, *named, *claims)))


def _advice(scene: Scene, language: Language, random: Random) -> Iterator[Line]:
    for piece in pieces().values():
        texts = piece.texts.get(language.code)
        if texts is None or not piece.suits(scene):
            continue
        text = random.choice(texts)
        yield Line(
            kind=TipKind.ADVICE,
            content=text,
            spoken=text,
            index=None,
            weight=(NIGHT_ADVICE if scene.is_night else ADVICE) + random.uniform(0, SURPRISE),
            language=language.code,
            insight=piece.name,
            activity=None,
            step=None,
            claims=_claims(scene, (), ()),
        )
