"""Tips without any model: plain, true and warm; what serves when nothing else can (E5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from ml.generation.drafts import Source, TipDraft, quoted
from ml.generation.facts import Phrases, phrases
from ml.generation.validation import duplicates, judge
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.tips import TipKind

MODEL = "templates"
VERSION = "templates-v1"

_STARTS = (
    "Give {q} five minutes and see where it leads.",
    "Start small with {q}: the first step is enough.",
    "How about {q}? Ten minutes, then a break.",
    "Pick up {q} and do the easy part first.",
    "Open {q}, look at it once, and name the next step.",
    "Let {q} be the one thing for now.",
)
_LATE = (
    "{q} is {late}. Five minutes would be a kind start.",
    "{q} is {late}; do the smallest part, or choose a new date.",
    "Begin with {q}, now {late}: one step is enough.",
)
_DUE = (
    "{q} is {due}.",
    "A gentle reminder: {q} is {due}.",
    "{q} is {due}; ten minutes would already help.",
)
_OVERDUE = (
    "A gentle reminder: {q} is {late}.",
    "{q} is {late}, and still open.",
    "Keep {q} in sight: it is {late}.",
)
_RESTFUL = (
    "{q} can wait until you have slept. Rest well.",
    "Leave a note for {q}, then let it go and rest.",
    "Write down the next step of {q} and let it rest.",
)
_RESTFUL_DATED = (
    "{q} is {dated}; rest first.",
    "{q} is {dated}. Sleep well before you begin.",
)
_LIST = (
    "{Share}.",
    "You have {count}; one at a time is enough.",
    "You have {count}. Choose one and let the rest wait.",
)
_ADVICE = (
    "Take a slow breath, then choose one thing.",
    "Drink a glass of water and look out of the window.",
    "Stand up, stretch, and come back to one thing.",
    "Put your phone in another room for ten minutes.",
    "Clear your desk a little; it makes starting easier.",
    "Write down what is on your mind, then set it aside.",
    "Take a short walk and let an idea come to you.",
    "Do something kind for yourself; you have room for it.",
)
_ADVICE_NIGHT = (
    "Dim the light and let the list go. Sleep well.",
    "Write down what is on your mind, then rest.",
    "Take a slow breath in, a longer one out, and rest.",
    "Put the screen away; your list will wait for you.",
    "Rest is a task too. Sleep well.",
    "Let your shoulders drop and your thoughts slow down.",
)


@dataclass(frozen=True, slots=True)
class _Idea:
    """A kind of tip, the task at `index` if any, and the sentences to choose from."""

    kind: TipKind
    index: int | None
    texts: Sequence[str]
    confidence: float


def fallback(
    context: PromptContext, n: int, random: Random, beside: Sequence[TipDraft] = ()
) -> list[TipDraft]:
    """`n` tips that repeat none of those in `beside`; fewer only when there is no more to say."""
    tips: list[TipDraft] = []
    for idea in _ideas(context):
        for text in random.sample(idea.texts, len(idea.texts)):
            if len(tips) == n:
                return tips
            tip = _write(idea, text, context, random)
            if tip is None or duplicates(tip, (*beside, *tips)):
                continue
            verdict = judge(tip, context)
            if not verdict.flaws:
                tips.append(replace(tip, claims=verdict.claims))
                if idea.index is not None:
                    break
    return tips


def _ideas(context: PromptContext) -> Iterator[_Idea]:
    """What could be said, the most useful first."""
    night = context.daypart is DayPart.NIGHT
    for index, task in enumerate(context.tasks):
        late, dated = _is_late(task), task.days_late is not None
        if night:
            kind = TipKind.REMINDER if dated else TipKind.TASK
            yield _Idea(kind, index, _RESTFUL_DATED if dated else _RESTFUL, 0.6)
        elif dated and not late:
            yield _Idea(TipKind.REMINDER, index, _DUE, 0.6)
        else:
            yield _Idea(TipKind.TASK, index, _LATE if late else _STARTS, 0.6)
    yield _Idea(TipKind.ADVICE, None, (_ADVICE_NIGHT if night else _ADVICE)[:4], 0.5)
    for index, task in enumerate(context.tasks):
        if not night and task.days_late is not None:
            late = _is_late(task)
            yield _Idea(
                TipKind.REMINDER if late else TipKind.TASK,
                index,
                _OVERDUE if late else _STARTS,
                0.4,
            )
    yield _Idea(TipKind.INSIGHT, None, _LIST, 0.4)
    yield _Idea(TipKind.ADVICE, None, (_ADVICE_NIGHT if night else _ADVICE)[4:], 0.3)


def _is_late(task: TaskFacts) -> bool:
    return (task.days_late or 0) > 0 or task.overdue_since is not None


def _write(idea: _Idea, text: str, context: PromptContext, random: Random) -> TipDraft | None:
    task = None if idea.index is None else context.tasks[idea.index]
    words = _words(phrases(context, idea.index), random)
    if task is not None:
        words["q"] = quoted(task.title)
    if any(f"{{{slot}}}" in text and not word for slot, word in words.items()):
        return None
    return TipDraft(
        kind=idea.kind,
        content=text.format(**words),
        task_id=None if task is None else task.task_id,
        confidence=idea.confidence,
        source=Source.FALLBACK,
        model=MODEL,
        prompt_version=VERSION,
    )


def _words(true: Phrases, random: Random) -> dict[str, str]:
    """One phrase for each slot, empty where nothing true can be said."""
    roles = {"late": true.late, "due": true.due, "count": true.count, "share": true.share}
    roles["dated"] = (*true.late, *true.due)
    words = {name: random.choice(choices) if choices else "" for name, choices in roles.items()}
    words["Share"] = words["share"][:1].upper() + words["share"][1:]
    return words
