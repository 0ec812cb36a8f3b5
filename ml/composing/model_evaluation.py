"""How good a model's tips are, behind the prompt, the gate and the composer of every day (E12)."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from copy import copy
from itertools import pairwise
from random import Random
from typing import NamedTuple

from ml.composing.composer import Composer
from ml.composing.evaluation import SET, drawn
from ml.composing.faults import Fault, Told, faults
from ml.composing.writing import TipSet, write
from ml.generation.account import Ledger
from ml.generation.aliases import Aliases
from ml.generation.drafts import Source
from ml.generation.gate import REPEATED
from ml.generation.validation import flaws
from ml.languages.detection import language_of
from ml.languages.language import languages
from ml.prompts.prompt import load
from oo.domain.context import PromptContext
from oo.domain.model_calls import Outcome, Spent, Terms

AT_ONCE = 4
DEADLINE_S = 120.0


class Written(NamedTuple):
    """The sets of one language; shares are of all tips but where another whole is named.

    `true_before` and `refused` are shares of what the model offered: what held, and what the gate
    or the prompt's form did not let through. `true_after` is of the model's tips that were.
    `failures` counts calls by how they ended. `p50_s` and `p95_s` are of answered calls.
    """

    tips: int
    by_model: float
    true_before: float
    true_after: float
    refused: float
    faults: dict[Fault, float]
    languages_right: float
    distinct_2: float
    failures: dict[str, int]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    p50_s: float
    p95_s: float
    tips_per_s: float


class _Set(NamedTuple):
    """A list, the lines that are proven for it, and what was written."""

    context: PromptContext
    lines: frozenset[str]
    made: TipSet


async def written(
    composer: Composer, aliases: Aliases, alias: str, language: str, sets: int, seed: int
) -> Written:
    """Draws the same lists as the evaluation of composed tips; the alias writes a set for each."""
    prompt = load(aliases.alias(alias).prompt)
    ledger = Ledger(prompt.version, "evaluation")
    # the lists are made up: nobody is to be asked for consent
    completer = aliases.completer(alias, Terms(cloud_consent=True, spent=Spent()), ledger)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> _Set:
        random = Random(f"{seed} {language} {number}")
        context = drawn(language, random)
        again = copy(random)
        lines = frozenset(line.content for line in composer.lines(context, again))
        async with turns:
            made = await write(
                context, SET, prompt, completer, composer, deadline_s=DEADLINE_S, random=random
            )
        return _Set(context, lines, made)

    began = time.perf_counter()
    found = await asyncio.gather(*(one(number) for number in range(sets)))
    return _figures(composer, language, found, ledger, time.perf_counter() - began)


def _figures(
    composer: Composer,
    language: str,
    found: Sequence[_Set],
    ledger: Ledger,
    seconds: float,
) -> Written:
    counted: Counter[Fault] = Counter()
    tips, of_model, true_after, right = 0, 0, 0, 0
    words: list[str] = []
    is_parted = bool(languages()[language].gap)
    for context, lines, made in found:
        scene = composer.scene(context)
        works = {work.task.task_id: work.activity for work in scene.works}
        before: list[str] = []
        for tip in made.tips:
            activity = None if tip.task_id is None else works.get(tip.task_id)
            counted.update(faults(Told(tip.content, language, activity), before))
            before.append(tip.content)
            right += language_of([tip.content], lambda _: ()).code == language
            words += tip.content.split() if is_parted else list(tip.content)
            if tip.source is Source.LLM:
                of_model += 1
                true_after += tip.content in lines or not flaws(tip, context)
        tips += len(made.tips)
    attempts = [attempt for one in found for attempt in one.made.attempts]
    refusals = [refusal for attempt in attempts for refusal in attempt.refused]
    accepted = sum(attempt.accepted for attempt in attempts)
    repeated = sum(set(refusal.reasons) == {REPEATED} for refusal in refusals)
    offered = accepted + len(refusals)
    answered = sorted(it.latency_s for it in ledger.calls if it.outcome is Outcome.ANSWERED)
    pairs = list(pairwise(words))
    return Written(
        tips=tips,
        by_model=of_model / max(tips, 1),
        true_before=(accepted + repeated) / max(offered, 1),
        true_after=true_after / max(of_model, 1),
        refused=len(refusals) / max(offered, 1),
        faults={fault: counted[fault] / max(tips, 1) for fault in Fault},
        languages_right=right / max(tips, 1),
        distinct_2=len(set(pairs)) / max(len(pairs), 1),
        failures=dict(
            Counter(it.outcome.value for it in ledger.calls if it.outcome is not Outcome.ANSWERED)
        ),
        calls=len(ledger.calls),
        prompt_tokens=sum(it.prompt_tokens for it in ledger.calls),
        completion_tokens=sum(it.completion_tokens for it in ledger.calls),
        cost_usd=sum(it.cost_usd for it in ledger.calls),
        p50_s=_rank(answered, 0.5),
        p95_s=_rank(answered, 0.95),
        tips_per_s=tips / max(seconds, 1e-9),
    )


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
