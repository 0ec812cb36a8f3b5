"""The palette: pages, saved views, people by address or id, decisions by id; a list of links."""

import re
from typing import TYPE_CHECKING, Annotated, NamedTuple

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from oo.admin.guides import runbooks
from oo.store import saved_views
from oo.store.everyone import people

if TYPE_CHECKING:
    from oo.admin.routes import Console

MOST = 8
ID = re.compile(r"[0-9a-f]{32}")


class Hit(NamedTuple):
    """Something that can be gone to."""

    kind: str
    title: str
    words: str
    to: str


def add_to(router: APIRouter, console: "Console") -> None:
    """The address that the palette asks as somebody types."""

    async def find(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
        desk = await console.desk(request)
        text = q.strip()
        hits = [
            Hit("Page", page.title, page.words, f"/admin/{page.address}")
            for page in console.pages.values()
            if not page.is_of_one
            and (desk.looker.is_admin or not page.for_admins)
            and _fits(text, page.title, page.words)
        ]
        hits += [
            Hit("Runbook", title, "", f"/admin/docs?runbook={name}")
            for name, title in runbooks().items()
            if text and _fits(text, title)
        ]
        async with console.parts.db.read() as connection:
            saved = await saved_views.every(connection)
        hits += [
            Hit("View", view.name, console.pages[view.page].title, view.address)
            for view in saved
            if view.page in console.pages
            and (desk.looker.is_admin or not console.pages[view.page].for_admins)
            and _fits(text, view.name)
        ]
        if ID.fullmatch(text):
            hits.append(Hit("Decision", f"…{text[-8:]}", "by its id", f"/admin/decisions/{text}"))
        if len(text) >= 2:
            async with desk.reading() as connection:
                found = await people.suggestions(connection, desk.by, text, MOST)
            hits += [
                Hit("Person", email or f"…{user_id[-8:]}", "", f"/admin/people/{user_id}")
                for user_id, email in found
            ]
        return await console.page("palette.html", desk, hits=hits[: 2 * MOST], text=text)

    router.add_api_route("/admin/find", find, methods=["GET"], include_in_schema=False)


def _fits(text: str, *where: str) -> bool:
    words = text.casefold().split()
    return all(any(word in place.casefold() for place in where) for word in words)
