"""Deleting the account: a page that says what goes, a form, and the receipt."""

from datetime import datetime

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.identity.sessions import cookie_name
from oo.kit.errors import BadRequest, NotFound
from oo.store import erasures
from oo.store.erasures import Receipt
from oo.web.auth import fresh_person
from oo.web.forms import checked_form, form_token
from oo.web.page import Page, page_routes
from oo.web.rates import Cost
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()

CLEARED = '"cache", "storage"'  # what this browser has kept for being offline
WORDS = {
    "tasks": "tasks",
    "signals": "signals",
    "tip_scores": "tips",
    "feedback": "reactions",
    "connections": "connections",
    "sessions": "sessions",
    "identities": "ways to sign in",
    "passkeys": "passkeys",
}
OTHER = "other entries"


@router.get("/account/delete")
async def delete_page(request: Request) -> Response:
    """What deleting the account means, and the button."""
    await fresh_person(request)
    return page("delete_account.html", csrf=form_token(request))


@router.post("/account/delete")
async def delete_account(request: Request) -> Response:
    """Take all access from the person and begin to erase them; leads to the receipt."""
    session = await fresh_person(request, Cost.HEAVY, "/account/delete")
    form = await checked_form(request)
    if form.get("sure") != "1":
        raise BadRequest("Tick the box: what is erased cannot be brought back.")
    parts = services(request)
    receipt = await begin_erasure(request, session.user_id)
    response = RedirectResponse(f"/account/erased/{receipt.id}", 303)
    response.delete_cookie(cookie_name(parts.settings), path="/")
    response.headers["clear-site-data"] = CLEARED
    return response


@router.get("/account/erased/{receipt_id}")
async def receipt_page(request: Request, receipt_id: str) -> Response:
    """How far the erasure is, for whoever has the receipt."""
    found = await find_receipt(request, receipt_id)
    return page(
        "erased.html",
        asked=_told(found.asked_at),
        finished=found.finished_at and _told(found.finished_at),
        counts=_in_words(found.counts),
    )


async def begin_erasure(request: Request, user_id: str) -> Receipt:
    """Begin it, in the person's own name."""
    parts = services(request)
    async with parts.db.write() as connection:
        now, actor = parts.clock.now(), f"person:{user_id}"
        receipt = await erasures.begin(connection, user_id, now, actor)
    if receipt is None:
        raise NotFound("There is no such account.")
    return receipt


async def find_receipt(request: Request, receipt_id: str) -> Receipt:
    """The receipt; raises NotFound for an id that is none's."""
    async with services(request).db.read() as connection:
        found = await erasures.receipt(connection, receipt_id)
    if found is None:
        raise NotFound("There is no such receipt.")
    return found


def _told(moment: datetime) -> str:
    return f"{moment:%-d %B %Y, %H:%M} UTC"


def _in_words(counts: dict[str, int]) -> list[str]:
    said: dict[str, int] = {}
    for name, rows in counts.items():
        words = WORDS.get(name, OTHER)
        said[words] = said.get(words, 0) + rows
    ordered = [*WORDS.values(), OTHER]
    return [f"{words} {said[words]}" for words in ordered if words in said]


PAGE = Page("erasure", router)
