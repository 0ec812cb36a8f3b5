"""The account of a generation: what was asked, what was refused and why, what came of it (E9)."""

from dataclasses import dataclass

from ml.generation.drafts import Source, TipDraft

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
