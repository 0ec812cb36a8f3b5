"""What a person's browser tells oO about them."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from oo.domain.zones import time_zones
from oo.kit.errors import BadRequest, Malformed
from oo.store import users
from oo.web.api import body_of, parse
from oo.web.auth import person
from oo.web.openapi import PERSONAL, Link, answers, links
from oo.web.services import services

router = APIRouter(tags=["me"])


class TimezoneChange(BaseModel):
    """The person's IANA time zone, as their browser knows it."""

    timezone: str


@router.put(
    "/api/me/timezone",
    status_code=204,
    response_class=Response,
    responses=answers(BadRequest, *PERSONAL, Malformed)
    | links(204, recommend=Link("post", "/recommend")),
    openapi_extra=body_of(TimezoneChange),
)
async def set_timezone(request: Request) -> None:
    """Follow the person's time zone; raises BadRequest for one that is none."""
    session = await person(request)
    change = await parse(request, TimezoneChange)
    if change.timezone not in time_zones():
        raise BadRequest("There is no such time zone.")
    parts = services(request)
    async with parts.db.write() as connection:
        moved = await users.set_timezone(connection, session.user_id, change.timezone)
        if moved:
            await users.note_change(connection, session.user_id, parts.clock.now())
    if moved:
        parts.refill.behind(session.user_id)
