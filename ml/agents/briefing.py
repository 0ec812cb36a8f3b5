"""What a writer is told of a person: what the sub-agents say, each task's kind of work and steps.

It also knows every text that can be made of that: one of them needs no proof but its own claims,
in whichever language.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from ml.agents.orchestrator import SEED, Heard, ask
from ml.composing.choosing import slots
from ml.composing.composer import Composer, Line
from ml.generation.drafts import MAX_CONTENT, reference
from ml.languages.language import FALLBACK, Language
from ml.prompts.prompt import NOTHING, Briefing
from oo.domain.context import PromptContext
from oo.domain.tips import TipKind

STEPS = 2  # candidates for the first step of each task
OFFERED = 8  # places; each has a few lines that could stand there


@dataclass(frozen=True, slots=True)
class Brief:
    """A briefing, and what may be said without further proof, by its text as a model says it.

    Where the language `is_free`, words of a model's own can be proven too; else one of `offered`
    is all that it may say.
    """

    briefing: Briefing
    known: Mapping[str, Line]
    offered: tuple[Line, ...]
    is_free: bool


def brief(context: PromptContext, composer: Composer) -> Brief:
    """The brief for a context: always the same, as no chance is in it."""
    language = composer.language(context)
    lines = composer.lines(context, Random(SEED))
    heard = ask(context, composer)
    steps = [_steps(lines, index) for index in range(len(context.tasks))]
    offered = tuple(line for slot in slots(lines, OFFERED) for line in slot)
    is_free = language.code == FALLBACK
    alone = _stated(context, heard, steps, language)
    return Brief(
        briefing=Briefing(
            language=language.code,
            agents=_snippets(heard),
            works=_works(lines, steps) or NOTHING,
            lines=NOTHING if is_free else "\n".join(f"- {line.spoken}" for line in offered),
        ),
        known={line.spoken: line for line in (*alone, *lines)},
        offered=offered,
        is_free=is_free,
    )


def _steps(lines: Iterable[Line], index: int) -> tuple[str, ...]:
    """The first steps of a task, the aptest first."""
    of_task = (line.step for line in lines if line.index == index and line.step)
    return tuple(dict.fromkeys(of_task))[:STEPS]


def _snippets(heard: Iterable[Heard]) -> str:
    """One part per sub-agent that has something to say."""
    parts = [f"{one.agent.name}:\n{one.snippet}" for one in heard if one.snippet]
    return "\n".join(parts) or NOTHING


def _works(lines: Sequence[Line], steps: Sequence[tuple[str, ...]]) -> str:
    kinds = {line.index: line.activity for line in lines}
    return "\n".join(
        f"{reference(index)} {kinds.get(index) or 'kind of work not known'}: {' / '.join(those)}"
        for index, those in enumerate(steps)
    )


def _stated(
    context: PromptContext,
    heard: Iterable[Heard],
    steps: Sequence[tuple[str, ...]],
    language: Language,
) -> Iterator[Line]:
    """What the sub-agents state, alone and with each of its task's steps; not what is no tip."""
    places = {task.task_id: index for index, task in enumerate(context.tasks)}
    for one in heard:
        for said in one.statements:
            if said.name in one.agent.for_writers:
                continue
            index = places.get(said.task_ids[0]) if said.task_ids else None
            line = Line(
                kind=TipKind.INSIGHT,
                content=said.text,
                spoken=said.spoken,
                index=index,
                weight=said.weight,
                language=language.code,
                insight=said.name,
                activity=None,
                step=None,
                claims=said.claims,
            )
            yield line
            for step in () if index is None else steps[index]:
                longer = _with(line, step, language.gap)
                if len(longer.content) <= MAX_CONTENT:
                    yield longer


def _with(line: Line, step: str, gap: str) -> Line:
    content, spoken = (f"{text}{gap}{step}" for text in (line.content, line.spoken))
    return replace(line, content=content, spoken=spoken, step=step)
