"""The person's data: what is kept, what is computed, where it went; to take along or to erase."""

from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import RedirectResponse, Response, StreamingResponse

from oo.domain.consents import purposes
from oo.domain.profile import NUMBERS
from oo.identity.takeout import takeout
from oo.kit.errors import BadRequest
from oo.store import audit, consents, erasing, kept_profiles, model_calls
from oo.store.audit import Entry
from oo.store.category import amount, categories
from oo.store.sessions import SessionRow
from oo.web.auth import fresh_person, person
from oo.web.forms import checked_form, form_token
from oo.web.page import Page, page_routes
from oo.web.rates import Cost
from oo.web.rendering import page
from oo.web.services import Services, services

router = page_routes()
HERE = "/data"


@router.get(HERE)
async def data_page(request: Request) -> Response:
    """What is kept of the person, what is computed, where it went, and what they allow."""
    session = await person(request, Cost.HEAVY)
    parts = services(request)
    zone = ZoneInfo(session.timezone)
    listed = await parts.integrations.list_for(session.user_id)
    learnt = await parts.learnt.tell(session.user_id)
    async with parts.db.read() as connection:
        return page(
            "data.html",
            csrf=form_token(request),
            kept=await _kept(connection, session, parts, zone),
            profile=await _profile(connection, session.user_id, parts.clock.now()),
            learnt=learnt,
            calls=await _calls(connection, session.user_id, parts),
            allowed=await _allowed(connection, session.user_id, zone),
            sources=[it for it in listed if it.status],
        )


@router.post("/data/export")
async def export(request: Request) -> Response:
    """All that is kept of the person, as one ZIP."""
    session = await fresh_person(request, Cost.HEAVY, back=HERE)
    await checked_form(request)
    parts = services(request)
    now = parts.clock.now()
    whom = f"person:{session.user_id}"
    async with parts.db.write() as connection:
        await audit.append(connection, Entry(whom, "data.export", whom, now))
    name = f"oo-{now:%Y-%m-%d}.zip"
    return StreamingResponse(
        takeout(parts.db, session.user_id, now),
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@router.post("/data/erase")
async def erase(request: Request) -> Response:
    """Erase one category, or one source with all that it told."""
    session = await fresh_person(request, Cost.HEAVY, back=HERE)
    form = await checked_form(request)
    parts = services(request)
    source = form.get("source")
    if isinstance(source, str):
        await parts.integrations.disconnect(session.user_id, source)
        await _note(parts, session.user_id, f"source {source}"[:80])
    else:
        category = categories().get(str(form.get("category", "")))
        if category is None or category.erase is None:
            raise BadRequest("There is nothing of that name to erase.")
        async with parts.db.write() as connection:
            seq = await erasing.erase(connection, session.user_id, category, parts.clock.now())
        parts.wake(session.user_id, seq)
    parts.refill.behind(session.user_id)
    return RedirectResponse(HERE, 303)


async def _note(parts: Services, user_id: str, what: str) -> None:
    whom = f"person:{user_id}"
    entry = Entry(whom, "data.erase", whom, parts.clock.now(), after={"category": what})
    async with parts.db.write() as connection:
        await audit.append(connection, entry)


async def _kept(
    connection: AsyncConnection, session: SessionRow, parts: Services, zone: tzinfo
) -> list[dict[str, Any]]:
    found = []
    for one in categories().values():
        told = await amount(connection, one, session.user_id)
        found.append(
            {
                "category": one,
                "kept": one.kept(parts.settings.retention),
                "count": told.rows,
                "oldest": _day(told.oldest, zone),
                "newest": _day(told.newest, zone),
            }
        )
    return found


async def _profile(
    connection: AsyncConnection, user_id: str, now: datetime
) -> dict[str, Any] | None:
    kept = (await kept_profiles.load(connection, [user_id])).get(user_id)
    if kept is None:
        return None
    numbers = [(it, kept.values.get(it.name, it.default)) for it in NUMBERS]
    return {"numbers": numbers, "minutes": int((now - kept.computed_at).total_seconds() // 60)}


async def _calls(
    connection: AsyncConnection, user_id: str, parts: Services
) -> list[dict[str, Any]]:
    """Calls by model and place: whom was asked, how often, with how much."""
    since = parts.clock.now() - timedelta(days=parts.settings.retention.model_calls_days)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for it in await model_calls.of_person(connection, user_id, since):
        row = found.setdefault(
            (it.place, it.model),
            {"model": it.model, "place": it.place, "calls": 0, "sent": 0, "usd": 0.0},
        )
        row["calls"] += it.calls
        row["sent"] += it.prompt_tokens
        row["usd"] += it.cost_usd
    return list(found.values())


async def _allowed(connection: AsyncConnection, user_id: str, zone: tzinfo) -> list[dict[str, Any]]:
    said = await consents.newest(connection, user_id)
    found = []
    for one in purposes().values():
        last = said.get(one.name)
        is_current = last is not None and last.given and last.version >= one.version
        # what a step implies holds until somebody says otherwise
        holds = is_current if last is not None or not one.implied else one.switch
        found.append({"purpose": one, "on": holds, "since": _day(last.at, zone) if last else None})
    return found


def _day(at: datetime | None, zone: tzinfo) -> str | None:
    return f"{at.astimezone(zone):%-d %B %Y}" if at else None


PAGE = Page("data", router)
