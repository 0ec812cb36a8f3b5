"""Tips: the typed candidates that a model or a template writes, and the one that is served."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from oo.domain.claims import Claim, Fact
from oo.domain.tasks import Task


class TipKind(StrEnum):
    """What a tip is; each kind looks its own way and may be rewarded its own way."""

    TASK = "task"
    ADVICE = "advice"
    INSIGHT = "insight"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class TipCandidate:
    """A tip that may be served (E1).

    `source` says who wrote it: ``llm`` or ``fallback``. `model` and `prompt_version` name what
    produced the text. `confidence` lies in [0, 1]. `task_id` is the person's own task
    that it speaks of, if any. `claims` is all that the text states: where one of them does not
    hold, the tip must not be served. `activity` is the kind of work of its task and `language`
    the language of the text (ISO 639-1), as the writer's side knew them; None where it did not.
    """

    id: str
    kind: TipKind
    content: str
    source: str
    model: str
    prompt_version: str
    confidence: float
    task_id: str | None
    created_at: datetime
    expires_at: datetime
    claims: tuple[Claim, ...] = ()
    activity: str | None = None
    language: str | None = None

    @property
    def about(self) -> str | None:
        """The title of its task where the text does not hold it, to be shown beside the text."""
        titles = (claim.value for claim in self.claims if claim.fact is Fact.ABOUT)
        return next((value for value in titles if isinstance(value, str)), None)


class Offer(NamedTuple):
    """What features are told of a candidate; `confidence` is its writer's, in [0, 1]."""

    kind: TipKind
    confidence: float
    task: Task | None
