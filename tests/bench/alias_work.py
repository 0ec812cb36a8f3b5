"""What the bench of the alias path asks for: the same prompts and answers, whichever way."""

import logging
import pickle
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from ml.composing.fallback import quick_composer
from ml.composing.writing import write
from ml.generation.completion import Completion, CompletionFailedError, CompletionRequest
from ml.models.people import Split, situation
from ml.prompts.prompt import load
from oo.domain.context import PromptContext

PROMPT = "embedded-v2"
TIPS = 6  # of a pool: one call, an answer for each
ANSWER_TOKENS = 64
# an answer that never ends by itself, so that each has as many tokens as it may, here and there
ENDLESS = 'root ::= " " root | [a-z] root'


@dataclass(frozen=True)
class Work:
    """`tips` are calls as the tip generator makes them, `batches` calls that are made at once.

    No two have the same prompt.
    """

    tips: list[CompletionRequest]
    batches: list[list[CompletionRequest]]

    def save(self, path: Path) -> None:
        """Keep it for another process of the bench."""
        path.write_bytes(pickle.dumps(self))

    @classmethod
    def load(cls, path: Path) -> "Work":
        """What another process of the bench kept."""
        found: Work = pickle.loads(path.read_bytes())
        return found


class _Recorder:
    """Hears what a model would be asked."""

    def __init__(self) -> None:
        self.asked: CompletionRequest | None = None

    async def complete(self, request: CompletionRequest) -> Completion:
        self.asked = request
        raise CompletionFailedError("nobody is asked")


async def made(tips: int, batches: int, at_once: int, seed: int = 1) -> Work:
    """So many calls of each sort, on lists that the embedded model was not trained on."""
    logging.getLogger("ml.composing").setLevel(logging.ERROR)  # that no model answers is meant
    contexts = (situation(Random(f"{seed}/{n}"), Split.HELD_OUT).context for n in range(10**9))
    written: list[CompletionRequest] = []
    while len(written) < tips:
        if (request := await _tip(next(contexts))) is not None:
            written.append(request)
    return Work(
        written, [[_endless(next(contexts)) for _ in range(at_once)] for _ in range(batches)]
    )


async def _tip(context: PromptContext) -> CompletionRequest | None:
    recorder = _Recorder()
    await write(
        context, TIPS, load(PROMPT), recorder, quick_composer(), deadline_s=60, random=Random(1)
    )
    return recorder.asked


def _endless(context: PromptContext) -> CompletionRequest:
    return CompletionRequest(
        messages=load(PROMPT).render(context, 1),
        grammar=ENDLESS,
        schema={},
        max_tokens=ANSWER_TOKENS,
        temperature=0.0,
        top_p=1.0,
    )


def tokens_per_s(found: dict[str, Any]) -> float:
    """Of all timed batches of one way together."""
    return float(found["tokens"] / found["seconds"])
