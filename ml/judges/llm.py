"""The LLM as a judge, through the alias `judge` (Zheng et al. 2023, arXiv 2306.05685).

It reads what a friend of the person would know, in words, and never the hidden numbers. Its answer
is a whole number from -2 to 2: small models use a short scale more evenly than a long one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.generation.asking import judged
from ml.generation.completion import Completer, CompletionRequest
from ml.prompts.prompt import Message
from ml.simulation.judging import Case, Verdict
from ml.simulation.personas import TASTES
from ml.simulation.scenario import DAY, KINDS
from oo.domain import due
from oo.domain.tasks import Task

MAX_TOKENS = 80
FULL_SCORE = 2
_STRONG = 0.4
_GRAMMAR = (
    r'root ::= "{\"score\": " score ", \"reason\": \"" reason "\"}"'
    "\n"
    r'score ::= "-2" | "-1" | "0" | "1" | "2"'
    "\n"
    r"reason ::= [a-zA-Z ,.']{1,120}"
)
_TASK = (
    "You judge whether one short tip was worth showing to a person at this moment. Answer with"
    ' JSON only: {"score": N, "reason": "..."}, where N is -2 (they dismiss it, annoyed), -1,'
    " 0 (they put it off), 1, or 2 (they do it at once and gladly)."
)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    score: int = Field(ge=-FULL_SCORE, le=FULL_SCORE)
    reason: str = Field(default="", max_length=400)


@dataclass(frozen=True, slots=True)
class LlmJudge:
    """Asks a model about each case; one more time where the answer made no sense."""

    name: str = "llm"
    version: str = "1"

    async def judge(
        self, cases: Sequence[Case], models: Completer | None = None
    ) -> list[Verdict | None]:
        requests = [
            CompletionRequest(
                messages(case), _GRAMMAR, _Answer.model_json_schema(), MAX_TOKENS, temperature=0.0
            )
            for case in cases
        ]
        return await judged(models, requests, parse)


def parse(text: str) -> Verdict | None:
    """The verdict in an answer, also when prose or a fence surrounds it; None if there is none."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = _Answer.model_validate_json(text[start : end + 1])
    except ValidationError:
        return None
    return Verdict(answer.score / FULL_SCORE, answer.reason)


def messages(case: Case) -> list[Message]:
    """The chat that asks about a case."""
    return [
        Message(role="system", content=_TASK),
        Message(role="user", content="\n".join([_person(case), _moment(case), _tip(case)])),
    ]


def _person(case: Case) -> str:
    tastes = dict(zip(TASTES, case.persona.tastes[0], strict=True))
    likes = [name for name, value in tastes.items() if value > _STRONG]
    dislikes = [name for name, value in tastes.items() if value < -_STRONG]
    hours = {kind: case.persona.peak_min[0, at] % DAY / 60 for at, kind in enumerate(KINDS)}
    best = ", ".join(f"{kind} about {hour:.0f} h" for kind, hour in hours.items())
    return (
        f"The person likes: {', '.join(likes) or 'nothing in particular'}; dislikes:"
        f" {', '.join(dislikes) or 'nothing in particular'}. Best hours: {best}."
    )


def _moment(case: Case) -> str:
    mood = float(case.persona.mood[0])
    word = "good" if mood > 0.3 else "bad" if mood < -0.3 else "even"
    return f"Now: {case.now:%A %H:%M}. Mood: {word}."


def _tip(case: Case) -> str:
    kind, task = case.offer.kind, case.offer.task
    if task is None:
        return f"The tip: {kind}, about no task."
    return f"The tip: {kind}, about a task ({_facts(task, case)})."


def _facts(task: Task, case: Case) -> str:
    facts = [f"priority {task.priority} of 4", f"label {', '.join(task.labels)}"]
    if (late := due.days_late(task, case.now)) is not None:
        facts.append(f"overdue by {late} days" if late > 0 else f"due in {-late} days")
    if task.added_at is not None:
        facts.append(f"{(case.now - task.added_at).days} days old")
    return ", ".join(facts)


JUDGE = LlmJudge()
