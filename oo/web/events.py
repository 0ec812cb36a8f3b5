"""What happens, as it happens: the log of events for operators, as a page or as a stream."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse
from starlette.responses import Response

from oo.domain.events import RING, EventFilter, EventSeen, RecentEvents
from oo.kit.errors import BadRequest, Malformed, NotFound, Unavailable
from oo.kit.instants import Instant
from oo.web.access import FreshAdmin, Viewer
from oo.web.api import body_of, parse
from oo.web.openapi import PERSONAL, answers
from oo.web.services import services

router = APIRouter(prefix="/api/admin/events", tags=["events"])

STREAM = "text/event-stream"
LOOK_EVERY_S = 0.5
ENDS_AFTER_S = 120.0  # a browser comes again by itself, and is asked again who it is
PING_S = 15
AT_A_TIME = 100  # events of a stream: who asks for a tip waits while so many are read and written
VIEWERS = 32  # at a time, of one ingress: each takes one of the requests that may wait


class SeenEvent(BaseModel):
    """One event; `seq` counts all events in the order in which they were told."""

    seq: int
    id: str
    subject: str
    person: str
    at: datetime
    payload: dict[str, Any]

    @classmethod
    def of(cls, event: EventSeen) -> "SeenEvent":
        return cls(
            seq=event.seq,
            id=event.id,
            subject=event.subject,
            person=event.user_id,
            at=event.at,
            payload=dict(event.payload),
        )


class EventsPage(BaseModel):
    """Events, the oldest first; ask with `after` = `next` for what follows."""

    events: list[SeenEvent]
    next: int


class ConsumerStanding(BaseModel):
    """How far a consumer is; `lag` is how many events wait for it, `aside` those it cannot take."""

    name: str
    position: int
    lag: int
    error: str
    aside: list[int]
    replaying: int


class ReplayWish(BaseModel):
    """Which events one consumer is to go through again, by their numbers, and why."""

    consumer: str = Field(min_length=1, max_length=64)
    first: int = Field(ge=1, le=2**53)
    last: int | None = Field(default=None, ge=1, le=2**53)
    reason: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")


class ReplayAnswer(BaseModel):
    """How many events the consumer goes through again, within seconds."""

    events: int


Subject = Annotated[
    str,
    Query(
        max_length=120,
        pattern=r"^[a-z0-9_.*>]*$",
        description="A subject, or a pattern as in NATS: `signals.tip.*`, `signals.>`",
    ),
]
Person = Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$", description="The id of a person")]
When = Annotated[Instant | None, Query(description="An instant with its offset")]
After = Annotated[int | None, Query(ge=0, le=2**53, description="The number of the last one seen")]


@router.get(
    "",
    response_model=EventsPage,
    responses={
        **answers(*PERSONAL, BadRequest, Malformed),
        200: {"content": {STREAM: {"schema": {"type": "string"}}}},
    },
)
async def events(
    request: Request,
    caller: Viewer,
    subject: Subject = "",
    person: Person = "",
    since: When = None,
    until: When = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=RING)] = RING,
) -> Response:
    """The newest events, or those behind `after`; with `Accept: text/event-stream` as they happen.

    A stream goes on behind `Last-Event-ID`, ends after two minutes, and skips nothing when it is
    asked for again from there.
    """
    if any(at is not None and at.tzinfo is None for at in (since, until)):
        raise BadRequest("Say the offset of the time too: 2026-11-26T09:00:00Z.")
    filters = EventFilter(subject, person, since, until)
    ring = services(request).events
    begin = _last_seen(request, after)
    if begin is None:
        begin = await ring.start(filters)
    if STREAM in request.headers.get("accept", ""):
        return _stream(request, ring, begin, filters)
    page = await ring.page(begin, limit, filters)
    answer = EventsPage(events=[SeenEvent.of(event) for event in page.events], next=page.next)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/consumers", responses=answers(*PERSONAL))
async def list_consumers(request: Request, caller: Viewer) -> list[ConsumerStanding]:
    """How far each consumer of events is."""
    standings = await services(request).replays.standings()
    return [ConsumerStanding.model_validate(one._asdict()) for one in standings]


@router.post(
    "/replay",
    status_code=202,
    responses=answers(BadRequest, *PERSONAL, NotFound, Malformed),
    openapi_extra=body_of(ReplayWish),
)
async def replay(request: Request, caller: FreshAdmin) -> ReplayAnswer:
    """Have one consumer go through events again; it is written to the audit log."""
    wish = await parse(request, ReplayWish)
    asked = await services(request).replays.ask(
        caller.actor, wish.consumer, wish.first, wish.last, wish.reason
    )
    return ReplayAnswer(events=asked.events)


def _last_seen(request: Request, after: int | None) -> int | None:
    header = request.headers.get("last-event-id", "")
    return int(header) if header.isascii() and header.isdecimal() and len(header) < 17 else after


def _stream(request: Request, ring: RecentEvents, begin: int, filters: EventFilter) -> Response:
    state = request.app.state
    watching = getattr(state, "event_viewers", 0)
    if watching >= VIEWERS:
        raise Unavailable("Too many watch already.", retry_after=5)

    async def told() -> AsyncIterator[bytes]:
        state.event_viewers = getattr(state, "event_viewers", 0) + 1
        try:
            async for some in _follow(ring, begin, filters):
                yield some
        finally:
            state.event_viewers -= 1

    return EventSourceResponse(told(), ping=PING_S, headers={"x-accel-buffering": "no"})


async def _follow(ring: RecentEvents, after: int, filters: EventFilter) -> AsyncIterator[bytes]:
    """The events as they are sent, some at a time."""
    looks = int(ENDS_AFTER_S / LOOK_EVERY_S)
    while looks > 0:
        page = await ring.page(after, AT_A_TIME, filters)
        if page.events:
            yield b"".join(map(_sent, page.events))
        after = page.next
        if page.is_all:
            looks -= 1
            await asyncio.sleep(LOOK_EVERY_S)


def _sent(event: EventSeen) -> bytes:
    """One event of a stream; what it tells is a :class:`SeenEvent`, made without checks, as
    hundreds a second come by here.
    """
    data = orjson.dumps(
        {
            "seq": event.seq,
            "id": event.id,
            "subject": event.subject,
            "person": event.user_id,
            "at": event.at,
            "payload": event.payload,
        }
    )
    named = b"id: %d\r\nevent: %s\r\n" % (event.seq, event.subject.encode())
    return named + b"data: " + data + b"\r\n\r\n"
