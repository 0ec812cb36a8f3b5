"""The synthetic author: fills the phrase bank's frames with facts that are true of a situation."""

import re
from random import Random

from ml.generation.drafts import MAX_CONTENT, RawTip, Source, TipDraft, fill_title, reference
from ml.generation.facts import Phrases, phrases, slots
from ml.generation.language import bank
from ml.generation.validation import flaws
from ml.models.people import Situation
from oo.domain.context import DayPart
from oo.domain.tips import TipKind

_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_TRIES = 40


def _expand(text: str, random: Random) -> str:
    """`text` with every choice made, the innermost first."""
    while match := _CHOICE.search(text):
        text = text[: match.start()] + random.choice(match[1].split("|")) + text[match.end() :]
    return text


def _slots(found: Phrases, situation: Situation, index: int | None) -> dict[str, tuple[str, ...]]:
    known = slots(found, situation.context)
    if index is not None:
        known["q"] = (f"“{reference(index)}”",)
        work = bank().classes[situation.works[index]]
        known["nudge"] = work.night if situation.context.daypart is DayPart.NIGHT else work.day
    return {**known, **bank().slots}


def write(random: Random, situation: Situation, kind: TipKind, index: int | None) -> RawTip | None:
    """One true tip of `kind` about the task at `index`, or None where no frame fits."""
    name = kind.value
    if index is not None and kind in (TipKind.ADVICE, TipKind.INSIGHT):
        name = f"{name}_task"
    known = _slots(phrases(situation.context, index), situation, index)
    frames = bank().frames[name].at(night=situation.context.daypart is DayPart.NIGHT)
    for _ in range(_TRIES):
        text = _expand(random.choice(frames), random)
        filled = _fill(text, known, random)
        if filled is None:
            continue
        ref = None if index is None else reference(index)
        raw = RawTip(ref, kind, filled, _confidence(random, kind, index))
        if not flaws(_draft(raw, situation, index), situation.context):
            return raw
    return None


def _fill(text: str, known: dict[str, tuple[str, ...]], random: Random) -> str | None:
    while match := _SLOT.search(text):
        choices = known.get(match[1].lower())
        if not choices:
            return None
        phrase = _expand(random.choice(choices), random)
        if match[1][0].isupper():
            phrase = phrase[:1].upper() + phrase[1:]
        text = text[: match.start()] + phrase + text[match.end() :]
    return text


def _draft(raw: RawTip, situation: Situation, index: int | None) -> TipDraft:
    task = None if index is None else situation.context.tasks[index]
    content = (
        raw.content if task is None or raw.ref is None else fill_title(raw.content, raw.ref, task)
    )
    task_id = None if task is None else task.task_id
    return TipDraft(
        raw.kind, content[: MAX_CONTENT + 1], task_id, raw.confidence, Source.LLM, "", ""
    )


def _confidence(random: Random, kind: TipKind, index: int | None) -> float:
    base = 0.6 if index is None else 0.9 - 0.07 * index
    if kind in (TipKind.ADVICE, TipKind.INSIGHT):
        base -= 0.1
    return round(min(0.9, max(0.3, base + random.uniform(-0.05, 0.05))), 1)


def answer(random: Random, situation: Situation, wanted: int) -> list[RawTip]:
    """A set of `wanted` tips: the pressing tasks first, kinds mixed, nothing said twice."""
    tips: list[RawTip] = []
    taken: set[tuple[TipKind, int | None]] = set()
    while len(tips) < wanted:
        kind, index = _pick(random, situation, first=not tips)
        if index is None and (kind, None) in taken and random.random() < 0.8:
            continue
        if index is not None and not _free(index, kind, taken, situation, random):
            continue
        tip = write(random, situation, kind, index)
        if tip is None or any(tip.content == other.content for other in tips):
            continue
        taken.add((kind, index))
        tips.append(tip)
    return tips


def _free(
    index: int,
    kind: TipKind,
    taken: set[tuple[TipKind, int | None]],
    situation: Situation,
    random: Random,
) -> bool:
    if (kind, index) in taken:
        return False
    again = any(other == index for _, other in taken)
    return not again or len(situation.context.tasks) < 4 or random.random() < 0.02


def _pick(random: Random, situation: Situation, *, first: bool) -> tuple[TipKind, int | None]:
    """A kind and a task; the first tip of a set speaks of a pressing task."""
    tasks = situation.context.tasks
    alone = not tasks or (not first and random.random() < 0.22)
    if alone:
        return random.choice((TipKind.ADVICE, TipKind.ADVICE, TipKind.INSIGHT)), None
    index = random.choices(range(len(tasks)), [0.5**rank for rank in range(len(tasks))])[0]
    kinds = (TipKind.TASK, TipKind.REMINDER, TipKind.INSIGHT, TipKind.ADVICE)
    return random.choices(kinds, (5, 2, 1, 1.4))[0], index
