"""The orchestrator: asks every sub-agent about a scene, and keeps each within its budget."""

from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import NamedTuple

from ml.agents.agent import Agent, every_agent, tokens
from ml.composing.composer import Composer, Line
from ml.insights.insight import Insight, Scene
from ml.languages.language import Language
from oo.domain.agents import Said, Statement
from oo.domain.context import PromptContext

SEED = 7  # of wordings: the same situation is told in the same words


class Heard(NamedTuple):
    """What one sub-agent says, and as much of it as its budget allows, as lines of a prompt."""

    agent: Agent
    statements: tuple[Statement, ...]
    snippet: str


def ask(
    context: PromptContext, composer: Composer, asked: Iterable[Agent] | None = None
) -> tuple[Heard, ...]:
    """What each sub-agent says, in the language of the list; all of them unless some are `asked`.

    Nothing depends on chance or on a model.
    """
    scene, language = composer.scene(context), composer.language(context)
    return tuple(
        _heard(agent, scene, composer, language)
        for agent in (every_agent() if asked is None else asked)
    )


def listen(context: PromptContext, composer: Composer, as_of: datetime) -> tuple[Said, ...]:
    """The same for those who show it; `as_of` is the instant of the context."""
    return tuple(_said(heard, as_of) for heard in ask(context, composer))


def _heard(agent: Agent, scene: Scene, composer: Composer, language: Language) -> Heard:
    thoughts = sorted(agent.think(scene), key=lambda thought: -thought.weight)
    statements = tuple(
        _statement(thought, line)
        for thought in thoughts
        for line in composer.say([thought], scene, language, Random(SEED), by_name=False)[:1]
    )
    return Heard(agent, statements, _snippet(statements, agent.budget))


def _said(heard: Heard, as_of: datetime) -> Said:
    agent, statements, snippet = heard
    return Said(
        agent=agent.name,
        statements=statements,
        weight=statements[0].weight if statements else 0.0,
        computed_from=tuple(source.value for source in agent.computed_from),
        as_of=as_of,
        snippet=snippet,
        tokens=tokens(snippet),
        budget=agent.budget,
    )


def _statement(thought: Insight, line: Line) -> Statement:
    """The sentence without its step, which is only proposed."""
    step = line.step or ""
    claimed = (claim.task_id for claim in line.claims)
    return Statement(
        name=thought.name,
        text=line.content.removesuffix(step).removeprefix(step).strip(),
        spoken=line.spoken.removesuffix(step).removeprefix(step).strip(),
        claims=line.claims,
        task_ids=tuple(dict.fromkeys(it for it in claimed if it is not None)),
        weight=thought.weight,
    )


def _snippet(statements: Iterable[Statement], budget: int) -> str:
    """One line per statement, the weightiest first, as many as fit whole."""
    kept = ""
    for statement in statements:
        longer = f"{kept}\n- {statement.spoken}" if kept else f"- {statement.spoken}"
        if tokens(longer) <= budget:
            kept = longer
    return kept
