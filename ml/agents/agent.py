"""The contract of a sub-agent: what it looks at, what it says, and how much room it gets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import ml.agents.kinds
from ml.insights.insight import Insight, Scene
from oo.kit.plugins import discover

BYTES_PER_TOKEN = 4


class Source(StrEnum):
    """What a sub-agent computes from."""

    TASKS = "tasks"
    CLOCK = "clock"
    CALENDAR = "calendar"
    REACTIONS = "reactions"
    KINDS_OF_WORK = "kinds of work"


@dataclass(frozen=True, slots=True)
class Agent:
    """A plug-in: from a person's scene to what is worth saying, without any model.

    `says` names the sentences that it needs. Its snippet of a prompt takes at most `budget` tokens.
    What is `for_writers` alone tells a writer what to avoid, and is no tip.
    """

    name: str
    says: tuple[str, ...]
    computed_from: tuple[Source, ...]
    budget: int
    think: Callable[[Scene], Iterator[Insight]]
    for_writers: frozenset[str] = frozenset()


def agents() -> dict[str, Agent]:
    """Every sub-agent by its name, found by place."""
    return discover(ml.agents.kinds, "AGENT", Agent)


@cache
def every_agent() -> tuple[Agent, ...]:
    """The same, found once per process."""
    return tuple(agents().values())


def thoughts(scene: Scene) -> list[Insight]:
    """What the sub-agents would have a tip say: further lines for the composer."""
    return [
        insight
        for agent in every_agent()
        for insight in agent.think(scene)
        if insight.name not in agent.for_writers
    ]


def tokens(text: str) -> int:
    """How much room `text` takes in a prompt, by a measure that needs no model.

    A quarter of its bytes in UTF-8, rounded up: about what byte-pair encodings make of English,
    and more than they make of scripts whose letters take three bytes.
    """
    return -(-len(text.encode()) // BYTES_PER_TOKEN)
