"""What sub-agents say of the signed-in person, from what, and how fresh it is."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from oo.domain.agents import Report, Said, Statement
from oo.kit.errors import NotFound
from oo.web.auth import person
from oo.web.openapi import PERSONAL, answers
from oo.web.rates import Cost
from oo.web.services import services

router = APIRouter(tags=["tip"])


class Claimed(BaseModel):
    """A fact that must hold for a statement to be true; of a task, or of the list or the moment."""

    fact: str
    task: str | None
    value: str | int | None


class Stated(BaseModel):
    """One statement: its words, what it claims, and the tasks that it is about."""

    name: str
    text: str
    weight: float
    tasks: list[str]
    claims: list[Claimed]

    @classmethod
    def of(cls, said: Statement) -> "Stated":
        return cls(
            name=said.name,
            text=said.text,
            weight=said.weight,
            tasks=list(said.task_ids),
            claims=[
                Claimed(fact=claim.fact.value, task=claim.task_id, value=claim.value)
                for claim in said.claims
            ],
        )


class AgentSaid(BaseModel):
    """What one sub-agent says; `tokens` of its `budget` go into a prompt."""

    agent: str
    statements: list[Stated]
    weight: float
    computed_from: list[str]
    as_of: datetime
    tokens: int
    budget: int

    @classmethod
    def of(cls, said: Said) -> "AgentSaid":
        return cls(
            agent=said.agent,
            statements=[Stated.of(one) for one in said.statements],
            weight=said.weight,
            computed_from=list(said.computed_from),
            as_of=said.as_of,
            tokens=said.tokens,
            budget=said.budget,
        )


class AgentsSaid(BaseModel):
    """All sub-agents, also those that have nothing to say now.

    `read_at` is when the source that was read the longest ago was read.
    """

    as_of: datetime
    read_at: datetime | None
    agents: list[AgentSaid]

    @classmethod
    def of(cls, report: Report) -> "AgentsSaid":
        agents = [AgentSaid.of(said) for said in report.said]
        return cls(as_of=report.as_of, read_at=report.read_at, agents=agents)


@router.get("/api/agents", responses=answers(*PERSONAL, NotFound))
async def agents(request: Request) -> AgentsSaid:
    """What the sub-agents say of the signed-in person now: what tips are made from."""
    parts, session = services(request), await person(request, Cost.HEAVY)
    return AgentsSaid.of(await parts.listener.listen(session.user_id))
