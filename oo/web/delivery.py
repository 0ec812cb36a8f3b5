"""When oO may speak up: what the person sets, and what was sent when and why."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from oo.domain.delivery_log import because
from oo.domain.quiet import Attention, NotNow, QuietHours, not_now_until
from oo.kit.errors import Malformed
from oo.store import attention, delivery_log
from oo.store.sessions import SessionRow
from oo.web.api import body_of, parse
from oo.web.auth import person
from oo.web.openapi import PERSONAL, answers
from oo.web.services import Services, services

router = APIRouter(prefix="/api/me", tags=["delivery"], responses=answers(*PERSONAL, Malformed))

SHOWN = 20
MOST = 10  # pushes a day that a person may ask for
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


class Wishes(BaseModel):
    """Quiet hours on the person's own clock, over midnight or not (equal: none), and a budget."""

    quiet_from: Clock
    quiet_until: Clock
    budget: Annotated[int, Field(ge=0, le=MOST, strict=True)]


class Pause(BaseModel):
    """Not now: for an hour, for today, until tomorrow morning; null: as usual again."""

    until: NotNow | None


class SentTip(BaseModel):
    """A tip that was sent: when, why then, what it said, and what came of it."""

    at: datetime
    why: str
    content: str
    outcome: str | None


class Delivery(BaseModel):
    """What the person set, until when it is "not now", and what they were sent of late."""

    quiet_from: str
    quiet_until: str
    budget: int
    not_before: datetime | None
    sent: list[SentTip]


@router.get("/delivery")
async def delivery(request: Request) -> Delivery:
    """When oO may speak to the signed-in person, and when it did."""
    parts, session = services(request), await person(request)
    return await tell(parts, session)


@router.put("/delivery", openapi_extra=body_of(Wishes))
async def set_delivery(request: Request) -> Delivery:
    """Set quiet hours and budget."""
    parts, session = services(request), await person(request)
    await wish(parts, session, await parse(request, Wishes))
    return await tell(parts, session)


@router.post("/not-now", openapi_extra=body_of(Pause))
async def not_now(request: Request) -> Delivery:
    """Be left alone for a while, or no longer."""
    parts, session = services(request), await person(request)
    await pause(parts, session, (await parse(request, Pause)).until)
    return await tell(parts, session)


async def wish(parts: Services, session: SessionRow, wishes: Wishes) -> None:
    """Keep what the person wishes; "not now" stays as it is."""
    async with parts.db.write() as connection:
        now = parts.clock.now()
        had = await attention.of(connection, session.user_id)
        quiet = QuietHours(_minutes(wishes.quiet_from), _minutes(wishes.quiet_until))
        wanted = Attention(quiet, wishes.budget, had.not_before)
        await attention.save(connection, session.user_id, wanted, now)


async def pause(parts: Services, session: SessionRow, choice: NotNow | None) -> None:
    """Keep until when it is "not now"."""
    async with parts.db.write() as connection:
        now = parts.clock.now()
        had = await attention.of(connection, session.user_id)
        zone = ZoneInfo(session.timezone)
        until = None if choice is None else not_now_until(choice, now, zone, had.quiet)
        await attention.save(connection, session.user_id, had._replace(not_before=until), now)


async def tell(parts: Services, session: SessionRow) -> Delivery:
    """What holds for the person now."""
    now, zone = parts.clock.now(), ZoneInfo(session.timezone)
    async with parts.db.read() as connection:
        own = await attention.of(connection, session.user_id)
        sent = await delivery_log.told(connection, session.user_id, SHOWN)
    is_paused = own.not_before is not None and own.not_before > now
    return Delivery(
        quiet_from=_clock(own.quiet.begins),
        quiet_until=_clock(own.quiet.ends),
        budget=own.budget,
        not_before=own.not_before if is_paused else None,
        sent=[
            SentTip(
                at=it.at,
                why=because(it.moment, it.at.astimezone(zone)),
                content=it.content,
                outcome=it.outcome,
            )
            for it in sent
            if it.unsent is None
        ],
    )


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return 60 * int(hours) + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
