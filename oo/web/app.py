"""The web application: every route of the ingress, without Ray."""

from fastapi import FastAPI

from oo.web import api, health, imports, pages, problems, tips
from oo.web.direct import DirectRoutes
from oo.web.limits import LimitsMiddleware
from oo.web.services import Services

IMPORT_PATHS = ("/connect/", "/api/sources/")


def create_app(services: Services) -> FastAPI:
    """All routes over `services`."""
    app = FastAPI(
        title="oO",
        summary="One well-timed tip.",
        version=health.release(),
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    problems.install(app)
    app.include_router(api.router)
    app.include_router(tips.router)
    app.include_router(imports.router)
    app.include_router(health.router)
    # the last one added is the first one asked
    app.add_middleware(DirectRoutes, endpoints=api.BUSIEST)
    app.add_middleware(LimitsMiddleware, limits=services.settings.limits, large=IMPORT_PATHS)
    pages.install(app)
    return app
