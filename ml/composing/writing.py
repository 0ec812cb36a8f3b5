"""A set of tips for a context: whichever way the prompt asks for, behind the gate."""

import asyncio
import logging
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.activities.matching import Matcher, fitted
from ml.activities.recogniser import Recogniser
from ml.composing.arranging import arrange
from ml.composing.choosing import slots
from ml.composing.composer import Composer
from ml.composing.labelling import labelled
from ml.embedding.embedder import sentence_encoder
from ml.generation.account import Attempt, Generation
from ml.generation.completion import Completer
from ml.generation.drafts import TipDraft
from ml.generation.gate import generate
from ml.prompts.prompt import Prompt, Vocabulary
from oo.domain.context import PromptContext
from oo.kit import tracing

log = logging.getLogger(__name__)

TIPS_PER_CALL = 3


class TipSet(NamedTuple):
    """Tips with the account of how they came; `failures` say where a model was away or late."""

    tips: Sequence[TipDraft]
    attempts: Sequence[Attempt]
    failures: Sequence[str]


def knowing_composer() -> Composer:
    """One that compares titles with examples of each kind of work; takes seconds to make."""
    encoder, cases = sentence_encoder(), casebook()
    recogniser = Recogniser(activities(), encoder, cases)
    return Composer(recogniser, Matcher(cases, encoder, recogniser, fitted()))


async def write(
    context: PromptContext,
    count: int,
    prompt: Prompt,
    completer: Completer,
    composer: Composer,
    *,
    deadline_s: float,
    random: Random,
) -> TipSet:
    """At most `count` tips within about `deadline_s` seconds, no text twice."""
    if prompt.file.vocabulary is Vocabulary.COMPOSED:
        with tracing.span("compose"):
            chosen = slots(composer.lines(context, random), count)
        made = [await arrange(context, chosen, completer, prompt, deadline_s=deadline_s)]
    else:
        made = await _free(context, count, prompt, completer, composer, deadline_s, random)
    for generation in made:
        if generation.failure:
            log.warning("composed lines fill in: %s", generation.failure)
    told = labelled([tip for generation in made for tip in generation.tips], context, composer)
    distinct = {tip.content: tip for tip in told}
    attempts = [attempt for generation in made for attempt in generation.attempts]
    failures = [generation.failure for generation in made if generation.failure]
    return TipSet(list(distinct.values()), attempts, failures)


async def _free(
    context: PromptContext,
    count: int,
    prompt: Prompt,
    completer: Completer,
    composer: Composer,
    deadline_s: float,
    random: Random,
) -> list[Generation]:
    calls = -(-count // TIPS_PER_CALL)
    return await asyncio.gather(
        *(
            generate(
                context,
                min(TIPS_PER_CALL, count - call * TIPS_PER_CALL),
                completer,
                prompt,
                deadline_s=deadline_s,
                random=random,
                composer=composer,
            )
            for call in range(calls)
        )
    )
