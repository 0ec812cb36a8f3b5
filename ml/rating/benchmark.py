"""Writers of tips side by side: any models and prompts over the same lists (E12)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import NamedTuple, Protocol

import numpy as np

from ml.composing.arranging import arrange, as_written
from ml.composing.choosing import choose, slots
from ml.composing.composer import Composer
from ml.composing.fallback import fallback
from ml.composing.writing import TIPS_PER_CALL
from ml.generation.account import OUTSIDE, Generation
from ml.generation.completion import Completer
from ml.generation.drafts import Source, TipDraft
from ml.generation.gate import REPEATED, generate
from ml.generation.validation import flaws
from ml.languages.language import languages
from ml.ope.bootstrap import resample_counts
from ml.prompts.prompt import Prompt, Vocabulary
from ml.rating.judging import TipJudge
from ml.rating.reading import places_beside, readings_of
from oo.domain.claims import holds
from oo.domain.context import PromptContext
from oo.domain.standing import Moment

SET = 6
REPLICATES = 2000
LEVEL = 0.95


class Drawn(NamedTuple):
    """A list at an instant: what a writer is told, and what its claims are checked against."""

    id: str
    language: str
    context: PromptContext
    moment: Moment


class Figures(NamedTuple):
    """How one writer did on one list; NaN where nothing of the kind was written.

    `true_before` and `true_after` are shares of what the model offered, and of what left the gate;
    `from_model` and `faulty` are shares of the set, `variety` is its share of different pairs of
    words. `score` is the judge's mean, `latency_s` that of the whole set; tokens are of its calls.
    """

    true_before: float
    true_after: float
    from_model: float
    faulty: float
    score: float
    variety: float
    latency_s: float
    prompt_tokens: float
    completion_tokens: float


class Written(NamedTuple):
    """A set of one writer for one list, with its figures."""

    writer: str
    list_id: str
    tips: tuple[TipDraft, ...]
    figures: Figures


class Difference(NamedTuple):
    """A writer's mean less that of the first, over the lists of both, with its 95% interval."""

    mean: float
    low: float
    high: float
    lists: int


class Writer(Protocol):
    """One contender."""

    @property
    def label(self) -> str: ...

    async def write(self, context: PromptContext, random: Random) -> Generation:
        """A set of SET tips and its account."""
        ...


@dataclass(frozen=True, slots=True)
class ModelWriter:
    """A model under a prompt, behind the gate, as production asks it."""

    label: str
    prompt: Prompt
    completer: Completer
    composer: Composer
    deadline_s: float = 60.0

    async def write(self, context: PromptContext, random: Random) -> Generation:
        """See Writer."""
        if self.prompt.file.vocabulary is Vocabulary.COMPOSED:
            chosen = slots(self.composer.lines(context, random), SET)
            return await arrange(
                context, chosen, self.completer, self.prompt, deadline_s=self.deadline_s
            )
        parts = await asyncio.gather(
            *(
                generate(
                    context,
                    TIPS_PER_CALL,
                    self.completer,
                    self.prompt,
                    deadline_s=self.deadline_s,
                    random=random,
                )
                for _ in range(SET // TIPS_PER_CALL)
            )
        )
        tips = {tip.content: tip for part in parts for tip in part.tips}
        failure = next((part.failure for part in parts if part.failure), None)
        attempts = tuple(attempt for part in parts for attempt in part.attempts)
        return Generation(tuple(tips.values()), attempts, failure)


@dataclass(frozen=True, slots=True)
class ComposerAlone:
    """Composed lines, the weightiest first, with no model."""

    composer: Composer
    label: str = "composer"

    async def write(self, context: PromptContext, random: Random) -> Generation:
        """See Writer."""
        lines = choose(self.composer.lines(context, random), SET)
        return Generation(tuple(as_written(context, line) for line in lines))


@dataclass(frozen=True, slots=True)
class Templates:
    """What serves when nothing else can: kinds of work told by words alone."""

    label: str = "templates"

    async def write(self, context: PromptContext, random: Random) -> Generation:
        """See Writer."""
        return Generation(tuple(fallback(context, SET, random)))


async def measure(writer: Writer, drawn: Drawn, judge: TipJudge, seed: int) -> Written:
    """Have a writer write for a list and judge what it wrote; `judge` asks no model."""
    random = Random(f"{seed} {drawn.id}")  # the same for all writers
    began = time.perf_counter()
    made = await writer.write(drawn.context, random)
    took = time.perf_counter() - began
    texts = [tip.content for tip in made.tips]
    shown = places_beside(drawn.context, made.tips)
    readings = readings_of(drawn.context, drawn.language, drawn.id, texts, shown)
    opinions = [one for one in await judge.judge(readings) if one is not None]
    figures = Figures(
        true_before=_before(made),
        true_after=_mean([_is_true(tip, drawn) for tip in made.tips]),
        from_model=_mean([tip.source is Source.LLM for tip in made.tips]),
        faulty=_mean([bool(one.faults) for one in opinions]),
        score=_mean([one.score for one in opinions]),
        variety=_variety(texts, drawn.language),
        latency_s=took,
        prompt_tokens=float(sum(one.prompt_tokens for one in made.attempts)),
        completion_tokens=float(sum(one.completion_tokens for one in made.attempts)),
    )
    return Written(writer.label, drawn.id, made.tips, figures)


def means(written: Sequence[Written]) -> dict[str, Figures]:
    """The mean of each figure by writer, over the lists that have one."""
    found: dict[str, list[Figures]] = {}
    for one in written:
        found.setdefault(one.writer, []).append(one.figures)
    return {
        writer: Figures(
            *(_mean([v for v in column if v == v]) for column in zip(*rows, strict=True))
        )
        for writer, rows in found.items()
    }


def differences(written: Sequence[Written], seed: int) -> dict[str, Mapping[str, Difference]]:
    """Every writer against the first, figure by figure: a bootstrap over common lists."""
    by: dict[str, dict[str, Figures]] = {}
    for one in written:
        by.setdefault(one.writer, {})[one.list_id] = one.figures
    first, *others = by
    return {
        writer: {
            name: _difference(
                [
                    getattr(by[writer][key], name) - getattr(by[first][key], name)
                    for key in by[writer]
                    if key in by[first]
                ],
                seed,
            )
            for name in Figures._fields
        }
        for writer in others
    }


def _difference(values: Sequence[float], seed: int) -> Difference:
    known = np.array([value for value in values if value == value])
    if len(known) < 2:
        return Difference(_mean(list(known)), float("nan"), float("nan"), len(known))
    counts = resample_counts(len(known), REPLICATES, np.random.default_rng(seed))
    low, high = np.quantile(counts @ known / len(known), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Difference(float(known.mean()), float(low), float(high), len(known))


def _before(made: Generation) -> float:
    """What the model offered that was true, whether or not it was said already or well put."""
    refused = [refusal for one in made.attempts for refusal in one.refused]
    true = sum(one.accepted for one in made.attempts)
    odd = sum(set(refusal.reasons) <= {REPEATED, OUTSIDE} for refusal in refused)
    offered = true + len(refused)
    return (true + odd) / offered if offered else float("nan")


def _is_true(tip: TipDraft, drawn: Drawn) -> bool:
    """Whether its claims hold; a text without any is read by the validator."""
    if not all(holds(claim, drawn.moment) for claim in tip.claims):
        return False
    return bool(tip.claims) or not flaws(tip, drawn.context)


def _variety(texts: Sequence[str], language: str) -> float:
    is_parted = bool(languages()[language].gap)
    pairs = [pair for text in texts for pair in pairwise(text.split() if is_parted else list(text))]
    return len(set(pairs)) / len(pairs) if pairs else float("nan")


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
