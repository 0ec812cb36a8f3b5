"""`/metrics`: what oO counts, for Prometheus. It says nothing of single people."""

import hmac
from functools import cached_property

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo.kit.errors import NotFound
from oo.kit.metrics import Gauge, rendered
from oo.kit.settings import Settings
from oo.kit.single_flight import SingleFlight
from oo.web import gauges
from oo.web.figures import StoreFigures
from oo.web.services import Services, services

router = APIRouter(include_in_schema=False)
MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"
KEEP_S = 1.0  # what is said twice within it is said as before


class Metrics:
    """What `/metrics` says, made once for all who ask at about the same time."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts
        self._making: SingleFlight[str, bytes] = SingleFlight()
        self._last, self._until = b"", float("-inf")

    async def now(self) -> bytes:
        """All metrics of this host in Prometheus' text form."""
        if self._parts.clock.monotonic() < self._until:
            return self._last
        return await self._making.join("", self._make)

    async def _make(self) -> bytes:
        self._last = rendered(await self._gauges())
        self._until = self._parts.clock.monotonic() + KEEP_S
        return self._last

    @cached_property
    def _figures(self) -> StoreFigures:
        return StoreFigures(self._parts.db, self._parts.clock, self._parts.replays)

    async def _gauges(self) -> list[Gauge]:
        parts = self._parts
        found = [
            *gauges.of_parts(parts.health.states()),
            *gauges.of_pools(await parts.freshness.now()),
        ]
        figures = await self._figures.now()
        if figures is not None:
            found += gauges.of_store(figures, parts.clock.now())
        return found


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """All metrics of this host in Prometheus' text form."""
    if not _may_read(request, services(request).settings):
        raise NotFound("There is nothing here.")
    found: Metrics = request.app.state.metrics
    return Response(await found.now(), media_type=MEDIA_TYPE)


def _may_read(request: Request, settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value()
    if not token:
        return settings.profile != "prod" and settings.is_loopback
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())
