"""Why the person's last tip was picked, in words and bars."""

from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from oo.domain.explanations import Explanation
from oo.kit.errors import NotFound
from oo.store import decisions
from oo.web.auth import person
from oo.web.page import Page, page_routes
from oo.web.rates import Cost
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()

SHOWN = 6


class Reason(NamedTuple):
    """A summand in words; `length` is its share of the largest, 0 to 100."""

    words: str
    amount: float
    length: int


@router.get("/why")
async def why_page(request: Request) -> Response:
    """Why the person's last tip was picked, in words and bars."""
    session = await person(request, Cost.HEAVY)
    parts = services(request)
    async with parts.db.read() as connection:
        tip_id = await decisions.latest(connection, session.user_id)
    if tip_id is None:
        raise NotFound("There has been no tip yet.")
    found = await parts.explainer.explain(tip_id, session.user_id)
    return page("why.html", found=found, reasons=_reasons(found))


def _reasons(found: Explanation) -> list[Reason]:
    said: dict[str, float] = {}
    for part in found.contributions:
        # an old decision may name a feature that there is no more
        words = found.words.get(part.feature, part.feature.replace("_", " "))
        said[words] = said.get(words, 0.0) + part.amount
    ordered = sorted(said.items(), key=lambda item: -abs(item[1]))
    largest = abs(ordered[0][1]) if ordered else 0.0
    if not largest:
        return []
    return [
        Reason(words, amount, round(abs(amount) / largest * 100))
        for words, amount in ordered[:SHOWN]
        if round(abs(amount) / largest * 100) > 0
    ]


PAGE = Page("why", router)
