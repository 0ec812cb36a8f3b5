"""Prompts as versioned files (E6): one YAML file per version in this folder.

A changed text is a new file: candidates and decisions name the version that made them.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from ml.generation.drafts import reference
from ml.generation.facts import HIGH_PRIORITY, TOP_PRIORITY, WEEKDAYS
from ml.generation.titles import prompt_title
from oo.domain.context import PromptContext, TaskFacts
from oo.domain.signals import SignalFact
from oo.kit.yaml_files import read_text

FOLDER = Path(__file__).parent
_LABEL_CHARS = 16


class Message(TypedDict):
    """One message of an OpenAI-style chat."""

    role: str
    content: str


class Vocabulary(StrEnum):
    """Which words the grammar lets a model use between the facts; `composed` are whole lines."""

    COMPOSED = "composed"
    CLOSED = "closed"
    OPEN = "open"


class Retry(StrEnum):
    """How a model is asked again: the same once more, or told what was wrong."""

    RESAMPLE = "resample"
    EXPLAIN = "explain"


class Briefing(NamedTuple):
    """What sub-agents and the kinds of work tell a prompt that asks for it, as its lines.

    `language` is the code of the person's; `agents` are the snippets, `works` the kind of work and
    two first steps of each task, `lines` the texts that may be said where nothing else can be
    proven.
    """

    language: str
    agents: str
    works: str
    lines: str


NOTHING = "-"
UNBRIEFED = Briefing("en", NOTHING, NOTHING, NOTHING)


class MessageTemplate(BaseModel):
    """A message with ``{daypart} {weekday} {open} {overdue} {n} {tasks} {told}`` to fill.

    Those of a briefing are ``{agents} {works} {lines} {language} {examples}``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["system", "user"]
    content: str


class PromptFile(BaseModel):
    """What a prompt file holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str
    vocabulary: Vocabulary
    retry: Retry
    messages: tuple[MessageTemplate, ...]
    examples: dict[str, str] = Field(default_factory=dict)  # by language; English for the others


@dataclass(frozen=True)
class Prompt:
    """A prompt, ready to render."""

    file: PromptFile

    @property
    def name(self) -> str:
        """The family of versions that the prompt belongs to."""
        return self.file.name

    @property
    def version(self) -> str:
        """What candidates and decisions record."""
        return self.file.version

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of everything in the file that can change an answer, in hexadecimal."""
        text = self.file.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def wants_briefing(self) -> bool:
        """Whether it has a place for what sub-agents say."""
        return self._has("{agents}")

    def _has(self, slot: str) -> bool:
        return any(slot in part.content for part in self.file.messages)

    def shown(self, context: PromptContext) -> PromptContext:
        """The part of the context that the prompt shows: another rest makes no other prompt.

        Its facts are in an order of their own, since that of the context follows the minute.
        """
        told = sorted(context.told, key=str) if self._has("{told}") else ()
        shown = replace(context, told=tuple(told), heard=(), prompt="")
        return shown if self.wants_briefing else replace(shown, lately=None, gap=None)

    def render(
        self, context: PromptContext, n: int = 3, briefing: Briefing = UNBRIEFED
    ) -> list[Message]:
        """The messages that ask for `n` tips."""
        examples = self.file.examples
        fields = {
            "daypart": context.daypart.value,
            "weekday": WEEKDAYS[context.weekday],
            "open": context.open_count,
            "overdue": context.overdue_count,
            "n": n,
            "tasks": task_lines(context),
            "told": fact_lines(context),
            "examples": examples.get(briefing.language) or examples.get("en", NOTHING),
            **briefing._asdict(),
        }
        return [
            Message(role=part.role, content=part.content.format_map(fields).rstrip())
            for part in self.file.messages
        ]


def load(version: str) -> Prompt:
    """The prompt of that version. Raises FileNotFoundError or pydantic's ValidationError."""
    text = (FOLDER / f"{version}.yaml").read_text("utf-8")
    prompt = parse(text)
    if prompt.version != version:
        raise ValueError(f"{version}.yaml says that it is {prompt.version!r}")
    return prompt


@lru_cache(64)
def parse(body: str) -> Prompt:
    """The prompt that a file's text holds. Raises pydantic's ValidationError or yaml.YAMLError."""
    return Prompt(PromptFile.model_validate(read_text(body)))


def given(context: PromptContext, own: Prompt) -> Prompt:
    """The prompt that the person was given if it is of the family of the writer's own; else that.

    A model of another family would not understand it.
    """
    if not context.prompt:
        return own
    prompt = parse(context.prompt)
    return prompt if prompt.name == own.name else own


def versions() -> tuple[str, ...]:
    """All prompt versions that there are."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def fact_lines(context: PromptContext) -> str:
    """One line per fact: ``- event “Standup” 10:00 to 10:30 today``; a dash alone without any."""
    return "\n".join(map(_fact_line, context.told)) or "-"


def _fact_line(fact: SignalFact) -> str:
    title = "" if fact.title is None else f"“{prompt_title(fact.title)}” "
    return f"- {fact.kind} {title}{fact.words}"


def task_lines(context: PromptContext) -> str:
    """One compact line per task: ``t1“Title” high late 9 age 13 #work``."""
    return "\n".join(_line(index, task) for index, task in enumerate(context.tasks))


def _line(index: int, task: TaskFacts) -> str:
    parts = [f"{reference(index)}“{prompt_title(task.title)}”"]
    if task.priority >= HIGH_PRIORITY:
        parts.append("top" if task.priority >= TOP_PRIORITY else "high")
    if task.days_late is not None:
        parts.append(_day(task.days_late))
    if task.age_days is not None and task.age_days >= 0:
        parts.append(f"age {task.age_days}")
    if label := _label(task.label):
        parts.append(f"#{label}")
    return " ".join(parts)


def _day(late: int) -> str:
    if late == 0:
        return "today"
    return f"late {late}" if late > 0 else f"due {-late}"


def _label(label: str | None) -> str:
    return "".join(char for char in label or "" if char.isalnum())[:_LABEL_CHARS].lower()
