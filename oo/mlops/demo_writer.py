"""The writer of a demonstration: composed lines under the names of two prompts."""

import asyncio
from concurrent.futures import Executor
from dataclasses import replace
from hashlib import sha256
from random import Random

from ml.composing.fallback import fallback
from ml.generation.drafts import Source, TipDraft
from oo.domain.context import PromptContext
from oo.domain.model_calls import ModelCall, Outcome, Place, Terms
from oo.recommend.ports import Draft, Written

MODEL = "simulated-writer"
PLAIN, REASON = "demo-plain-v1", "demo-reason-v1"
FALLBACK_SHARE = 0.02


class Writer:
    """Writes composed lines under the name of one of two prompts, half of the people each."""

    def __init__(self, random: Random, composing: Executor) -> None:
        self._random = random
        self._composing = composing

    def pool_key(self, context: PromptContext, cloud_consent: bool) -> str:
        told = f"{context.daypart}{context.weekday}{[task.task_id for task in context.tasks]}"
        return sha256(told.encode()).hexdigest()

    async def write(
        self, context: PromptContext, count: int, deadline_s: float, terms: Terms
    ) -> Written:
        random = Random(self._random.getrandbits(64))  # its own: others write meanwhile
        prompt = random.choice((PLAIN, REASON))
        seed = random.getrandbits(64)
        loop = asyncio.get_running_loop()
        lines = await loop.run_in_executor(self._composing, composed, context, count, seed)
        if prompt == PLAIN:  # the shorter half of what could be said
            lines = sorted(lines, key=lambda line: len(line.content))
        drafts: list[Draft] = [
            line
            if random.random() < FALLBACK_SHARE
            else replace(line, source=Source.LLM, model=MODEL, prompt_version=prompt)
            for line in lines
        ]
        call = ModelCall(
            "tip-generator",
            MODEL,
            Place.LOCAL,
            prompt,
            "tips",
            Outcome.ANSWERED,
            prompt_tokens=180 + 40 * len(context.tasks),
            completion_tokens=42 * len(drafts),
            latency_s=random.lognormvariate(-1.1, 0.4),
            accepted=len(drafts),
            refused=int(random.random() < 0.15),
        )
        return Written(drafts, calls=(call,))


def composed(context: PromptContext, count: int, seed: int) -> list[TipDraft]:
    """Composed lines, in a process beside: to make them is a third of a demonstration's work."""
    return fallback(context, count, Random(seed))
