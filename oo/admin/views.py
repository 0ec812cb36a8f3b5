"""Saved views: a page with its filters under a name, which everybody of the console can open."""

import re
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import RedirectResponse, Response

from oo.admin.acting import ERRORS
from oo.admin.rendering import with_query
from oo.domain.console import Looker
from oo.domain.roles import Role
from oo.kit.errors import BadRequest, Conflict, Forbidden, NotFound
from oo.kit.ids import new_id
from oo.store import saved_views
from oo.store.saved_views import MOST, SavedView

if TYPE_CHECKING:
    from oo.admin.routes import Console

Id = Annotated[str, Path(max_length=32)]
PERSON = re.compile(r"@|%40|[0-9a-f]{32}", re.IGNORECASE)  # an e-mail address, an id
NAME = r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"


class NewView(BaseModel):
    """A view to keep: the page's name, the view's own, and the query as the address has it."""

    page: str = Field(max_length=64)
    name: str = Field(min_length=1, max_length=80, pattern=NAME)
    query: str = Field("", max_length=900)


class View(BaseModel):
    """A saved view, and whether who asks may take it away."""

    id: str
    page: str
    name: str
    address: str
    by: str
    mine: bool


class Views(BaseModel):
    """All saved views, by page and name."""

    views: list[View]


def add_to(router: APIRouter, console: "Console") -> None:
    """The addresses of saved views: for forms, and for programs."""
    parts = console.parts

    async def all_of_them(request: Request) -> Views:
        """The saved views of all pages."""
        looker = await parts.door.looker(request, Role.VIEWER)
        async with parts.db.read() as connection:
            found = await saved_views.every(connection)
        return Views(views=[_told(view, looker) for view in found])

    async def save(request: Request, wish: NewView) -> View:
        """Save a view; one of that page and name is replaced, by who saved it or an admin."""
        looker = await parts.door.looker(request, Role.VIEWER)
        return _told(await keep(console, looker, wish), looker)

    async def take_away(request: Request, view_id: Id) -> Response:
        """Take a view away that one has saved; an admin takes any."""
        looker = await parts.door.looker(request, Role.VIEWER)
        await forget(console, looker, view_id)
        return Response(status_code=204)

    async def by_form(request: Request) -> Response:
        looker = await parts.door.looker(request, Role.VIEWER)
        form = await parts.door.form(request)
        if gone := str(form.get("remove", "")):
            page = await forget(console, looker, gone)
            return RedirectResponse(f"/admin/{console.pages[page].address}", 303)
        said = {name: str(form.get(name, "")) for name in NewView.model_fields}
        try:
            wish = NewView.model_validate(said)
        except ValidationError as error:
            raise BadRequest("Give the view a name of at most 80 characters.") from error
        return RedirectResponse((await keep(console, looker, wish)).address, 303)

    router.add_api_route("/admin/views", by_form, methods=["POST"], include_in_schema=False)
    router.add_api_route(
        "/api/admin/views",
        all_of_them,
        methods=["GET"],
        response_model=Views,
        responses=ERRORS,
        tags=["console"],
        operation_id="console_views",
    )
    router.add_api_route(
        "/api/admin/views",
        save,
        methods=["POST"],
        response_model=View,
        responses=ERRORS,
        tags=["console"],
        operation_id="console_save_view",
    )
    router.add_api_route(
        "/api/admin/views/{view_id}",
        take_away,
        methods=["DELETE"],
        status_code=204,
        responses=ERRORS,
        tags=["console"],
        operation_id="console_remove_view",
    )


async def keep(console: "Console", looker: Looker, wish: NewView) -> SavedView:
    """Save it; raises BadRequest for a page or query that there is not, Conflict if all is full."""
    page = console.pages.get(wish.page)
    if page is None or page.is_of_one or (page.for_admins and not looker.is_admin):
        raise BadRequest("There is no such page whose view could be saved.")
    try:
        query = page.query.model_validate(dict(parse_qsl(wish.query)))
    except ValidationError as error:
        raise BadRequest("The page cannot be asked that.") from error
    if "\0" in wish.query or "%00" in wish.query:
        raise BadRequest("The page cannot be asked that.")
    if PERSON.search(wish.query):
        raise BadRequest("A view is seen by all and outlives accounts, so it cannot name a person.")
    parts = console.parts
    address = with_query(f"/admin/{page.address}", query, page=None)
    made = SavedView(
        new_id(parts.clock),
        page.name,
        " ".join(wish.name.split()),
        address,
        looker.actor,
        parts.clock.now(),
    )
    async with parts.db.write() as connection:
        there = await saved_views.of_page(connection, page.name)
        for one in there:
            if one.name.lower() == made.name.lower() and not may_take_away(one, looker):
                raise Conflict("Somebody else has saved a view of that name: choose another.")
        if not await saved_views.add(connection, made):
            raise Conflict(f"There are {MOST} saved views already: take some away first.")
    return made


async def forget(console: "Console", looker: Looker, view_id: str) -> str:
    """Take the view away; the name of its page. Raises NotFound, Forbidden."""
    async with console.parts.db.write() as connection:
        view = await saved_views.get(connection, view_id)
        if view is None:
            raise NotFound("There is no such view. It may have been taken away already.")
        if not may_take_away(view, looker):
            raise Forbidden("Only who saved a view, or an admin, takes it away.")
        await saved_views.remove(connection, view_id)
    return view.page


def may_take_away(view: SavedView, looker: Looker) -> bool:
    """Whether who looks has saved it, or is an admin."""
    return looker.is_admin or view.actor == looker.actor


def _told(view: SavedView, looker: Looker) -> View:
    return View(
        id=view.id,
        page=view.page,
        name=view.name,
        address=view.address,
        by=view.actor,
        mine=may_take_away(view, looker),
    )
