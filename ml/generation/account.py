"""The account of a generation: what was asked, what was refused and why, what came of it (E9)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from ml.generation.completion import Completion, CompletionFailedError
from ml.generation.drafts import Source, TipDraft
from oo.domain.model_calls import TIPS, ModelCall, Outcome

OUTSIDE = "not a sentence of the language"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A tip that did not pass, and why."""

    content: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One completion and what became of it."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_s: float
    accepted: int
    refused: tuple[Refusal, ...]
    alias: str = ""

    @classmethod
    def of(cls, completion: Completion, accepted: int, refused: Sequence[Refusal]) -> Self:
        """What became of a completion."""
        return cls(
            model=completion.model,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            latency_s=completion.latency_s,
            accepted=accepted,
            refused=tuple(refused),
            alias=completion.alias,
        )


@dataclass
class Ledger:
    """The calls that were made for one person and purpose, as they end."""

    prompt_version: str = ""
    purpose: str = TIPS
    calls: list[ModelCall] = field(default_factory=list)

    def judged(self, attempts: Sequence[Attempt]) -> list[ModelCall]:
        """The calls, with what the gate made of their answers.

        An attempt stands with a call of its alias; sums by alias are all that is asked later.
        """
        waiting = list(attempts)
        found = []
        for call in self.calls:
            is_answered = call.outcome is Outcome.ANSWERED
            mine = next((it for it in waiting if is_answered and it.alias == call.alias), None)
            if mine is not None:
                waiting.remove(mine)
                call = call._replace(accepted=mine.accepted, refused=len(mine.refused))
            found.append(call)
        return found


def failure_of(error: TimeoutError | CompletionFailedError, deadline_s: float) -> str:
    """Why no model is asked any more."""
    late = f"no answer within {deadline_s:g} s"
    return late if isinstance(error, TimeoutError) else str(error)


@dataclass(frozen=True, slots=True)
class Generation:
    """The tips, those of the model first, and the account of how they came (E9).

    `failure` says why no model was asked again, if one failed.
    """

    tips: tuple[TipDraft, ...]
    attempts: tuple[Attempt, ...] = ()
    failure: str | None = None

    @property
    def from_model(self) -> int:
        """How many of the tips a model wrote."""
        return sum(tip.source is Source.LLM for tip in self.tips)
