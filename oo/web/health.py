"""Health and version: what a person's page, a load balancer and an operator ask."""

from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from oo.domain.health import State
from oo.web.services import services

router = APIRouter(tags=["health"])


ESSENTIAL = ("store", "ingress")


class Readiness(BaseModel):
    """Whether tips can be served, and which parts are not ready.

    `pools` is the share of active people whose candidates are good now, null if nobody is.
    """

    status: Literal["ok", "unavailable"]
    warming: list[str]
    resting: list[str]
    spent: list[str]
    down: list[str]
    pools: float | None


def release() -> str:
    """The version of oO that runs."""
    try:
        return version("oo")
    except PackageNotFoundError:
        return "0"


@router.get("/api/version")
async def get_version() -> dict[str, str]:
    """The version of oO and of its API."""
    return {"version": release(), "api": "1"}


@router.get("/health/live")
async def live() -> dict[str, str]:
    """Answers while the process runs."""
    return {"status": "ok"}


@router.get("/health/ready", response_model=Readiness, responses={503: {"model": Readiness}})
async def ready(request: Request) -> Response:
    """200 as soon as tips can be served; `warming` names parts that are still starting,
    `resting` those that have failed and are left alone for a while, `spent` those whose budget is
    used up.

    503 while a part is missing without which no tip can be served.
    """
    states = services(request).health.states()
    missing = [name for name in ESSENTIAL if states.get(name) is not State.READY]
    fresh = await services(request).freshness.now()
    body = Readiness(
        status="unavailable" if missing else "ok",
        warming=sorted(name for name, state in states.items() if state is State.WARMING),
        resting=sorted(name for name, state in states.items() if state is State.RESTING),
        spent=sorted(name for name, state in states.items() if state is State.SPENT),
        down=sorted(name for name, state in states.items() if state is State.DOWN),
        pools=fresh.share,
    )
    return JSONResponse(body.model_dump(), 503 if missing else 200)


@router.get("/health/parts")
async def parts(request: Request) -> dict[str, State]:
    """The state of each part, refreshed every two seconds."""
    return services(request).health.states()
