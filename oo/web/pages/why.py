"""Why the person's last tip was picked, in words and bars."""

from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from oo.domain.policies import Contribution
from oo.kit.errors import NotFound
from oo.store import decisions
from oo.web.auth import person
from oo.web.page import Page, page_routes
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()

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
        tip_id = await decisions.latest(connection, session.user_id)
    if tip_id is None:
        raise NotFound("There has been no tip yet.")
    found = await parts.explainer.explain(tip_id, session.user_id)
    return page("why.html", found=found, reasons=_reasons(found.contributions))


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


PAGE = Page("why", router)
