"""`/metrics`: what oO counts, for Prometheus. It says nothing of single people."""

import hmac
from collections.abc import Iterator, Sequence
from itertools import chain

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo.domain.events import Standing
from oo.kit.errors import NotFound
from oo.kit.metrics import Gauge, rendered
from oo.kit.settings import Settings
from oo.recommend.freshness import OBJECTIVE, Freshness
from oo.web.services import services

router = APIRouter(include_in_schema=False)
MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"
QUANTILES = (0.5, 0.95)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """All metrics of this host in Prometheus' text form."""
    parts = services(request)
    if not _may_read(request, parts.settings):
        raise NotFound("There is nothing here.")
    gauges = chain(_of(await parts.freshness.now()), _of_events(await parts.replays.standings()))
    return Response(rendered(gauges), media_type=MEDIA_TYPE)


def _of_events(standings: Sequence[Standing]) -> Iterator[Gauge]:
    lags = {one.name: float(one.lag) for one in standings}
    yield Gauge("oo_event_consumer_lag", "Events that wait for a consumer", lags, "consumer")
    failing = {one.name: float(bool(one.error)) for one in standings}
    yield Gauge("oo_event_consumer_failing", "1 where its last try failed", failing, "consumer")


def _of(fresh: Freshness) -> Iterator[Gauge]:
    yield Gauge("oo_pool_active_people", "Active people", {"": fresh.active})
    if fresh.share is not None:
        share = "Share of active people whose pool is good now"
        yield Gauge("oo_pool_good_ratio", share, {"": fresh.share})
    objective = "What oo_pool_good_ratio is to be at least"
    yield Gauge("oo_pool_good_ratio_objective", objective, {"": OBJECTIVE})
    ages = {str(quantile): fresh.age(quantile) for quantile in QUANTILES}
    yield Gauge("oo_pool_age_seconds", "How long ago pools were last written", ages, "quantile")


def _may_read(request: Request, settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value()
    if not token:
        return settings.profile != "prod" and settings.is_loopback
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())
