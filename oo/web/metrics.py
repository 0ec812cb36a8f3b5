"""`/metrics`: what oO counts, for Prometheus. It says nothing of single people."""

import hmac
from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.responses import Response

from oo.kit.errors import NotFound
from oo.kit.metrics import registry
from oo.kit.settings import Settings
from oo.recommend.freshness import OBJECTIVE, Freshness
from oo.web.services import services

router = APIRouter(include_in_schema=False)
QUANTILES = (0.5, 0.95)


class _Pools:
    """The freshness of pools as gauges."""

    def __init__(self, fresh: Freshness) -> None:
        self._fresh = fresh

    def collect(self) -> Iterator[Metric]:
        """What the text form is made of."""
        fresh = self._fresh
        yield GaugeMetricFamily("oo_pool_active_people", "Active people", fresh.active)
        if fresh.share is not None:
            share = "Share of active people whose pool is good now"
            yield GaugeMetricFamily("oo_pool_good_ratio", share, fresh.share)
        objective = "What oo_pool_good_ratio is to be at least"
        yield GaugeMetricFamily("oo_pool_good_ratio_objective", objective, OBJECTIVE)
        ages = GaugeMetricFamily(
            "oo_pool_age_seconds", "How long ago pools were last written", labels=["quantile"]
        )
        for quantile in QUANTILES:
            ages.add_metric([str(quantile)], fresh.age(quantile))
        yield ages


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """All metrics of this host in Prometheus' text form."""
    parts = services(request)
    if not _may_read(request, parts.settings):
        raise NotFound("There is nothing here.")
    pools = CollectorRegistry()
    pools.register(_Pools(await parts.freshness.now()))
    text = generate_latest(registry()) + generate_latest(pools)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request, settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value()
    if not token:
        return settings.profile != "prod" and settings.is_loopback
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())
