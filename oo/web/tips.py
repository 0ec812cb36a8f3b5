"""What the page says of a tip beside the reaction, and why it was picked."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from oo.domain.deliveries import TipRef
from oo.domain.explanations import Explanation
from oo.domain.tips import TipKind
from oo.kit.errors import Gone, Malformed, NotFound
from oo.store import decisions
from oo.web.auth import person
from oo.web.openapi import PERSONAL, answers
from oo.web.rates import Cost
from oo.web.services import services

router = APIRouter(
    prefix="/api/tips", tags=["tip"], responses=answers(*PERSONAL, NotFound, Malformed)
)

TipId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class Part(BaseModel):
    """A summand of the expected reward: `amount` ± `sd`, of which `pooled` is common to all."""

    feature: str
    value: float
    amount: float
    sd: float
    pooled: float
    personal: float


class Why(BaseModel):
    """Why a tip was picked out of `out_of`: the parts, largest first, add up to `expected`."""

    tip_id: str
    policy: str
    expected: float
    pooled: float
    personal: float
    propensity: float
    rank: int
    out_of: int
    parts: list[Part]

    @classmethod
    def of(cls, found: Explanation) -> "Why":
        return cls(
            tip_id=found.decision.id,
            policy=str(found.decision.policy),
            expected=found.expected,
            pooled=found.pooled,
            personal=found.personal,
            propensity=found.propensity,
            rank=found.rank,
            out_of=found.out_of,
            parts=[
                Part(
                    feature=one.feature,
                    value=one.value,
                    amount=one.amount,
                    sd=one.sd,
                    pooled=one.value * one.pooled,
                    personal=one.value * one.personal,
                )
                for one in found.contributions
            ],
        )


class DecidedTip(BaseModel):
    """A tip that was decided on before, as it may still be shown."""

    id: str
    content: str
    kind: TipKind
    about: str | None


@router.get("/{tip_id}", responses=answers(Gone))
async def decided(request: Request, tip_id: TipId) -> DecidedTip:
    """A tip that a notification led to; 410 when it does not hold any more."""
    parts, session = services(request), await person(request)
    async with parts.db.read() as connection:
        if await decisions.find(connection, tip_id, session.user_id) is None:
            raise NotFound("There is no such tip.")
    ref = TipRef(session.user_id, tip_id)
    words = (await parts.push.tells.apt([ref])).get(ref)
    if words is None:
        raise Gone("This tip is over. There may be another one.")
    return DecidedTip(id=tip_id, content=words.content, kind=TipKind(words.kind), about=words.about)


@router.post("/{tip_id}/seen", status_code=204, response_class=Response)
async def seen(request: Request, tip_id: TipId) -> None:
    """Say that the tip was on a visible page; only tips that were seen can be missed."""
    parts, session = services(request), await person(request)
    async with parts.db.write() as connection:
        known = await decisions.mark_seen(connection, session.user_id, tip_id, parts.clock.now())
    if not known:
        raise NotFound("There is no such tip.")


@router.get("/{tip_id}/why")
async def why(request: Request, tip_id: TipId) -> Why:
    """Why this tip was picked, made again from the log."""
    parts, session = services(request), await person(request, Cost.HEAVY)
    return Why.of(await parts.explainer.explain(tip_id, session.user_id))
