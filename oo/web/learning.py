"""What a person sees of the learning: why they got a tip, and whether they share what it learns."""

from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from oo.domain.policy import Contribution
from oo.kit.errors import NotFound
from oo.recommend.explain import explain
from oo.store import logged as logged_decisions
from oo.store import users
from oo.web.auth import person
from oo.web.forms import checked_form
from oo.web.page_route import PageRoute
from oo.web.rendering import page
from oo.web.services import services

router = APIRouter(include_in_schema=False, route_class=PageRoute)

SHOWN = 6
WORDS = {
    "intercept": "a tip at all",
    "is_overdue": "it is overdue",
    "task_age_days": "how long it has waited",
    "priority": "its priority",
    "is_advice": "it is an advice",
    "is_insight": "it is an insight",
    "is_reminder": "it is a reminder",
    "llm_confidence": "how sure its writer was",
    "completion_rate": "how often you finish things",
    "dismiss_rate": "how often you wave tips away",
    "mean_dwell": "how long you look at tips",
    "preferred_hour": "an hour at which you finish things",
    "tip_volume": "how many tips you get",
}


class Reason(NamedTuple):
    """A summand in words; `length` is its share of the largest, 0 to 100."""

    words: str
    amount: float
    length: int


@router.get("/why")
async def why_page(request: Request) -> Response:
    """Why the person's last tip was picked, in words and bars."""
    session = await person(request)
    parts = services(request)
    async with parts.db.read() as connection:
        tip_id = await logged_decisions.latest(connection, session.user_id)
    if tip_id is None:
        raise NotFound("There has been no tip yet.")
    found = await explain(parts.db, parts.find_policy, tip_id, session.user_id)
    return page("why.html", found=found, reasons=_reasons(found.contributions))


@router.post("/connect/pooling")
async def set_pooling(request: Request) -> Response:
    """Take or give back the consent to pooling; the next fit follows it."""
    session = await person(request)
    form = await checked_form(request)
    parts = services(request)
    since = parts.clock.now() if form.get("on") == "1" else None
    async with parts.db.write() as connection:
        await users.set_pooling(connection, session.user_id, since)
    return RedirectResponse("/connect", 303)


def _reasons(parts: tuple[Contribution, ...]) -> list[Reason]:
    said: dict[str, float] = {}
    for part in parts:
        said[_words(part.feature)] = said.get(_words(part.feature), 0.0) + part.amount
    ordered = sorted(said.items(), key=lambda item: -abs(item[1]))
    largest = abs(ordered[0][1]) if ordered else 0.0
    if not largest:
        return []
    return [
        Reason(words, amount, round(abs(amount) / largest * 100))
        for words, amount in ordered[:SHOWN]
        if round(abs(amount) / largest * 100) > 0
    ]


def _words(feature: str) -> str:
    if feature in WORDS:
        return WORDS[feature]
    if "hour" in feature:
        return "the time of day"
    return "the day of the week" if "week" in feature else feature.replace("_", " ")
