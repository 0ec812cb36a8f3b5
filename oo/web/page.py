"""The contract of a page: one file in `oo/web/pages`, exported as ``PAGE``."""

from dataclasses import dataclass

from fastapi import APIRouter

from oo.web.page_route import PageRoute


@dataclass(frozen=True, slots=True)
class Page:
    """The routes of one page: what it shows and what its forms do; errors on them are pages too."""

    name: str
    routes: APIRouter


def page_routes() -> APIRouter:
    """A router whose errors are shown on a page, for a :class:`Page`."""
    return APIRouter(include_in_schema=False, route_class=PageRoute)
