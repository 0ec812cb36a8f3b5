"""A tip on its way: as the model wrote it, and as it leaves the gate."""

from dataclasses import dataclass
from enum import StrEnum

from ml.generation.titles import display_title
from oo.domain.claims import Claim
from oo.domain.context import PromptContext, TaskFacts
from oo.domain.tips import TipKind

MAX_CONTENT = 200
"""The longest content of a tip, in characters, the quoted title included."""


class Source(StrEnum):
    """Who wrote a tip."""

    LLM = "llm"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class RawTip:
    """A tip as the model writes it: the task by its place (``t1``), the title as ``“t1”``."""

    ref: str | None
    kind: TipKind
    content: str
    confidence: float


@dataclass(frozen=True, slots=True)
class TipDraft:
    """A tip with everything but its id and its times; `task_id` is the person's own task.

    `claims` is what its text states, as the validation proved it. `spoken` is the text as the model
    wrote it, with references for titles; empty where none did. `activity` is the kind of work of
    its task, `language` that of the text (ISO 639-1); None where nobody has told yet.
    """

    kind: TipKind
    content: str
    task_id: str | None
    confidence: float
    source: Source
    model: str
    prompt_version: str
    claims: tuple[Claim, ...] = ()
    spoken: str = ""
    activity: str | None = None
    language: str | None = None


def reference(index: int) -> str:
    """The name of the task at `index` in prompts and answers: ``t1`` is the most pressing."""
    return f"t{index + 1}"


def task_of(context: PromptContext, ref: str | None) -> TaskFacts | None:
    """The task that `ref` names, if it names one."""
    for index, task in enumerate(context.tasks):
        if reference(index) == ref:
            return task
    return None


def quoted(title: str) -> str:
    """A title as every tip quotes it."""
    return f"“{display_title(title)}”"


def fill_title(content: str, ref: str, task: TaskFacts) -> str:
    """`content` with the reference in quotes replaced by the title itself.

    The model never copies a title, so a title cannot be misspelt, and no character of it passes
    through the model's output.
    """
    return content.replace(f"“{ref}”", quoted(task.title))
