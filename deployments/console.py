"""The console, connected to what the ingress works with."""

from collections.abc import Callable

from fastapi import FastAPI

from oo.admin.desk import ConsoleParts
from oo.admin.routes import install
from oo.recommend.profile_cache import Profiles
from oo.store.readonly import ReadOnly
from oo.web.door import Door
from oo.web.services import Services


def console(services: Services) -> Callable[[FastAPI], None]:
    """What adds the console's routes to the application."""
    parts = ConsoleParts(
        settings=services.settings,
        clock=services.clock,
        db=services.db,
        store=ReadOnly(services.db.url, services.db.sealer),
        door=Door(),
        identity=services.identity,
        integrations=services.integrations,
        profiles=Profiles(services.db, services.clock),
        explainer=services.explainer,
        learnt=services.learnt,
        health=services.health,
        freshness=services.freshness,
        events=services.events,
        replays=services.replays,
        promotes=services.promotes,
        wake=services.wake,
    )

    def add_routes(app: FastAPI) -> None:
        install(app, parts)

    return add_routes
