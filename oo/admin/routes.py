"""The addresses of the console, made from the pages that are found in their folder."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request
from jinja2 import Environment
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

import oo.admin.pages
from oo.admin import acting, mlflow, palette, views
from oo.admin.answers import ConsoleAnswer, as_csv, chosen_table, shown_columns, told
from oo.admin.desk import ConsoleParts, Desk
from oo.admin.documented import answers
from oo.admin.guides import guide_of
from oo.admin.page import ConsolePage
from oo.admin.query import Query as Asked
from oo.admin.query import Span
from oo.admin.rendering import STATIC, VENDOR, environment, rendered
from oo.admin.screen import Screen
from oo.domain.console import admin_read
from oo.domain.roles import Role
from oo.kit.errors import (
    BadRequest,
    Forbidden,
    Malformed,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from oo.kit.plugins import discover
from oo.store import saved_views
from oo.store.saved_views import SavedView

ROOT = "/admin"
API = "/api/admin"
ERRORS = answers(BadRequest, Unauthorized, Forbidden, NotFound, Malformed, TooManyRequests)
Id = Annotated[str, Path(max_length=200)]


def install(app: FastAPI, parts: ConsoleParts) -> None:
    """Add the console to `app`; raises BrokenPlugin for a page that cannot be loaded."""
    pages = discover(oo.admin.pages, "PAGE", ConsolePage)
    console = Console(parts, pages)
    console.add_to(app.router)
    app.mount(f"{ROOT}/static", StaticFiles(directory=STATIC), name="console-static")


class Console:
    """All pages, and what they are shown in."""

    def __init__(self, parts: ConsoleParts, pages: Mapping[str, ConsolePage]) -> None:
        self.parts = parts
        self.pages = dict(sorted(pages.items(), key=lambda it: (it[1].group, it[1].rank)))
        self.templates: Environment = environment()

    def add_to(self, router: APIRouter) -> None:
        """Every address: the fixed ones of a page before those that name one thing."""
        router.add_api_route(ROOT, _to_overview, include_in_schema=False)
        router.add_api_route(f"{ROOT}/", _to_overview, include_in_schema=False)
        palette.add_to(router, self)
        acting.add_to(router, self)
        views.add_to(router, self)
        mlflow.add_to(router, self.parts)
        for page in sorted(self.pages.values(), key=lambda page: page.is_of_one):
            for made in (self._shown(page), self._exported(page), self._told(page)):
                made(router)

    async def desk(self, request: Request, page: ConsolePage | None = None) -> Desk:
        """The desk of who asks, for that page; raises as sign-in and roles do."""
        role = Role.ADMIN if page is not None and page.for_admins else Role.VIEWER
        looker = await self.parts.door.looker(request, role)
        return Desk(self.parts, looker, admin_read(looker), self.parts.clock.now())

    async def _saved(self, page: ConsolePage) -> list[SavedView]:
        async with self.parts.db.read() as connection:
            return await saved_views.of_page(connection, page.name)

    async def page(self, template: str, desk: Desk, status: int = 200, **values: Any) -> Response:
        """A template of the console with what all of them need."""
        html = await rendered(
            self.templates.get_template(template),
            pages=self.pages.values(),
            looker=desk.looker,
            now=desk.now,
            has_scripts=VENDOR.is_dir(),
            **values,
        )
        return Response(html, status, media_type="text/html")

    def _shown(self, page: ConsolePage) -> Callable[[APIRouter], None]:
        async def show(request: Request, query: Asked, **named: str) -> Response:
            desk = await self.desk(request, page)
            started = self.parts.clock.monotonic()
            screen: Screen = await page.read(desk, query, *named.values())
            asked_by = request.headers  # a page that refreshes itself wants all of it
            is_part = asked_by.get("hx-request") == "true" and "x-whole" not in asked_by
            saved = [] if is_part else await self._saved(page)
            return await self.page(
                "peek.html" if is_part else page.template,
                desk,
                page=page,
                query=query,
                screen=screen,
                path=request.url.path,
                named=dict(named),
                spans=Span,
                took_ms=1000 * (self.parts.clock.monotonic() - started),
                columns_of=shown_columns,
                guide=guide_of(page.name),
                key=acting.new_key(self.parts.clock),
                actions=acting.actions(),
                saved=saved,
                may_take_away=views.may_take_away,
            )

        return _route(page, ROOT, show, include_in_schema=False)

    def _exported(self, page: ConsolePage) -> Callable[[APIRouter], None]:
        async def export(request: Request, query: Asked, **named: str) -> Response:
            desk = await self.desk(request, page)
            form, table = named.pop("form"), named.pop("table")
            if form not in ("csv", "json"):
                raise NotFound("There is nothing at this address.")
            screen: Screen = await page.read(desk, query, *named.values())
            name = f"{page.name}-{desk.now:%Y%m%d-%H%M%S}.{form}"
            headers = {"content-disposition": f'attachment; filename="{name}"'}
            if form == "csv":
                text = as_csv(chosen_table(screen, table), query)
                return PlainTextResponse(text, headers=headers, media_type="text/csv")
            answer = told(page, query, screen, desk.now)
            if table:
                answer.tables = [it for it in answer.tables if it.name == table]
            return JSONResponse(answer.model_dump(mode="json"), headers=headers)

        return _route(page, ROOT, export, include_in_schema=False, is_export=True)

    def _told(self, page: ConsolePage) -> Callable[[APIRouter], None]:
        async def tell(request: Request, query: Asked, **named: str) -> ConsoleAnswer:
            desk = await self.desk(request, page)
            screen: Screen = await page.read(desk, query, *named.values())
            return told(page, query, screen, desk.now)

        tell.__doc__ = f"{page.title}: {page.words}"
        return _route(
            page,
            API,
            tell,
            response_model=ConsoleAnswer,
            responses=ERRORS,
            tags=["console"],
            operation_id=f"console_{page.name.replace('-', '_')}",
        )


async def _to_overview() -> Response:
    """The console begins with the overview."""
    return RedirectResponse(f"{ROOT}/overview", 303)


def _route(
    page: ConsolePage,
    root: str,
    endpoint: Callable[..., Awaitable[Any]],
    *,
    is_export: bool = False,
    **options: Any,
) -> Callable[[APIRouter], None]:
    """A route whose parameters are those of the page: its query and what its path names."""
    kinds = inspect.Parameter.KEYWORD_ONLY
    given = [
        inspect.Parameter("request", kinds, annotation=Request),
        inspect.Parameter("query", kinds, annotation=Annotated[page.query, Query()]),
    ]
    if page.is_of_one:
        given.append(inspect.Parameter("id", kinds, annotation=Id))
    path = f"{root}/{page.address}"
    if is_export:
        path = f"{path}/export.{{form}}/{{table}}"
        given += [inspect.Parameter(name, kinds, annotation=str) for name in ("form", "table")]
    endpoint.__signature__ = inspect.Signature(given)  # type: ignore[attr-defined]
    endpoint.__doc__ = endpoint.__doc__ or f"{page.title}: {page.words}"
    endpoint.__name__ = f"{page.name}_{endpoint.__name__}".replace("-", "_")

    def add(router: APIRouter) -> None:
        router.add_api_route(path, endpoint, methods=["GET"], **options)

    return add
