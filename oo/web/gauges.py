"""How things stand now, as metrics: parts, pools, and what waits in the store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from oo.domain.events import Standing
from oo.domain.health import State
from oo.events.backlog import Untold
from oo.kit.metrics import Gauge
from oo.recommend.freshness import OBJECTIVE, Freshness
from oo.store.lags import Due, Errands, SourceLag
from oo.web.figures import Figures

QUANTILES = (0.5, 0.95)


def of_parts(states: Mapping[str, State]) -> Iterator[Gauge]:
    """Which parts are ready, as this ingress sees them."""
    ready = {name: float(state is State.READY) for name, state in states.items()}
    yield Gauge("oo_part_ready", "1 where the part is ready", ready, "part")


def of_pools(fresh: Freshness) -> Iterator[Gauge]:
    """How fresh pools are."""
    yield Gauge("oo_pool_active_people", "Active people", {"": fresh.active})
    if fresh.share is not None:
        share = "Share of active people whose pool is good now"
        yield Gauge("oo_pool_good_ratio", share, {"": fresh.share})
    objective = "What oo_pool_good_ratio is to be at least"
    yield Gauge("oo_pool_good_ratio_objective", objective, {"": OBJECTIVE})
    ages = {str(quantile): fresh.age(quantile) for quantile in QUANTILES}
    yield Gauge("oo_pool_age_seconds", "How long ago pools were last written", ages, "quantile")


def of_store(figures: Figures, now: datetime) -> Iterator[Gauge]:
    """What waits in the store; ages are as of the instant `now`."""

    def age(since: datetime | None) -> float:
        return max((now - since).total_seconds(), 0.0) if since else 0.0

    yield from _of_consumers(figures.standings)
    yield from _of_facts(figures.untold, age)
    yield from _of_errands(figures.errands, figures.given_up, age)
    yield from _of_deliveries(figures.deliveries, age)
    yield from _of_sources(figures.sources, age)


Age = Callable[[datetime | None], float]


def _of_consumers(standings: Sequence[Standing]) -> Iterator[Gauge]:
    lags = {one.name: float(one.lag) for one in standings}
    yield Gauge("oo_event_consumer_lag", "Events that wait for a consumer", lags, "consumer")
    failing = {one.name: float(bool(one.error)) for one in standings}
    yield Gauge("oo_event_consumer_failing", "1 where its last try failed", failing, "consumer")


def _of_facts(untold: Untold, age: Age) -> Iterator[Gauge]:
    words = "Committed facts that are no events yet; 1000 of a kind at most"
    yield Gauge("oo_outbox_untold", words, {"": untold.facts})
    words = "How long ago the oldest of them happened"
    yield Gauge("oo_outbox_untold_seconds", words, {"": age(untold.oldest)})


def _of_errands(
    errands: Sequence[Errands], given_up: Mapping[str, int], age: Age
) -> Iterator[Gauge]:
    waiting = {one.subject: float(one.waiting) for one in errands}
    yield Gauge("oo_errands_waiting", "Errands that have not ended", waiting, "subject")
    ages = {one.subject: age(one.oldest) for one in errands}
    yield Gauge("oo_errands_waiting_seconds", "Since when the oldest waits", ages, "subject")
    failing = {one.subject: float(one.failing) for one in errands}
    yield Gauge("oo_errands_failing", "Those that have failed before", failing, "subject")
    yield Gauge("oo_errands_given_up", "Those given up within a day", given_up, "subject")


def _of_deliveries(due: Due, age: Age) -> Iterator[Gauge]:
    words = "Deliveries and sendings that should be on their way"
    yield Gauge("oo_deliveries_due", words, {"": due.things})
    yield Gauge("oo_deliveries_due_seconds", "Since when the first should", {"": age(due.since)})


def _of_sources(sources: Sequence[SourceLag], age: Age) -> Iterator[Gauge]:
    people = {one.source: float(one.connections) for one in sources}
    yield Gauge("oo_source_connections", "Connections that oO reads", people, "source")
    failing = {one.source: float(one.failing) for one in sources}
    words = "Those that failed the last time or wait for their person"
    yield Gauge("oo_source_failing", words, failing, "source")
    stale = {one.source: float(one.stale) for one in sources}
    words = "Those that are connected and were not read for half an hour"
    yield Gauge("oo_source_stale", words, stale, "source")
    newest = {one.source: age(one.newest) for one in sources if one.newest}
    words = "How long ago the source was read last, for anybody"
    yield Gauge("oo_source_read_seconds", words, newest, "source")
    oldest = {one.source: age(one.oldest) for one in sources}
    words = "How long ago the connection was read that waits the longest"
    yield Gauge("oo_source_oldest_seconds", words, oldest, "source")
