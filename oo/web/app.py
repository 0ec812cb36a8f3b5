"""The web application: every route of the ingress, without Ray."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

import oo.web.pages
from oo.kit.plugins import discover
from oo.web import (
    access,
    agents,
    api,
    delivery,
    devices,
    erasures,
    events,
    health,
    imports,
    me,
    metrics,
    notifications,
    openapi,
    problems,
    tips,
)
from oo.web.border import BorderMiddleware
from oo.web.fast_routes import FastRoutes
from oo.web.guard import GuardMiddleware
from oo.web.limits import LimitsMiddleware
from oo.web.page import Page
from oo.web.rates import Rates
from oo.web.request_times import RequestTimesMiddleware
from oo.web.scoped import ScopeMiddleware
from oo.web.services import Services

STATIC = Path(__file__).parent / "static"
IMPORT_FORMS = ("/connect/",)
FORM_PATHS = (*IMPORT_FORMS, "/data/", "/agree", "/admin/")
IMPORT_PATHS = (*IMPORT_FORMS, "/api/sources/")


def create_app(services: Services, *more: Callable[[FastAPI], None]) -> FastAPI:
    """All routes over `services`; raises BrokenPlugin for a page that cannot be loaded.

    `more` add the routes of what stands beside the web layer, such as the console.
    """
    app = FastAPI(
        title="oO",
        summary="One well-timed tip.",
        version=health.release(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would trust the Host header
    )
    app.state.services = services
    app.state.rates = Rates(
        services.settings.limits, services.clock, shared=bool(services.settings.redis_url)
    )
    app.state.metrics = metrics.Metrics(services)
    problems.install(app)
    for module in (
        api,
        tips,
        access,
        agents,
        devices,
        imports,
        me,
        delivery,
        erasures,
        events,
        health,
        metrics,
        notifications,
    ):
        _include(app, module.router)
    for page in discover(oo.web.pages, "PAGE", Page).values():
        _include(app, page.routes)
    for add_routes in more:
        add_routes(app)
    openapi.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    # the last one added is the first one asked
    app.add_middleware(FastRoutes, endpoints=api.BUSIEST)
    app.add_middleware(
        LimitsMiddleware, limits=services.settings.limits, large=IMPORT_PATHS, forms=FORM_PATHS
    )
    app.add_middleware(BorderMiddleware)
    app.add_middleware(RequestTimesMiddleware, clock=services.clock)
    app.add_middleware(GuardMiddleware, settings=services.settings)
    app.add_middleware(ScopeMiddleware)
    return app


def _include(app: FastAPI, router: APIRouter) -> None:
    """Add its routes as they are; `include_router` would analyse each of them a second time."""
    app.router.routes.extend(router.routes)
