"""How well oO is to serve: every service level, with its objective and its alert.

Alert rules, the dashboard, `oo status` and the reference are made from these.
"""

from oo.domain.indicators import (
    Indicator,
    Least,
    Most,
    Overdue,
    Quantile,
    Seen,
    Share,
    ShareOfGauges,
)
from oo.domain.service_level import Alert, Bound, Row, ServiceLevel, Severity, Unit

POOLS_GOOD = 0.95  # of active people have a good pool at any time


def _most(
    name: str,
    row: Row,
    words: str,
    indicator: Indicator,
    objective: float,
    unit: Unit,
    alert: Alert,
) -> ServiceLevel:
    return ServiceLevel(name, row, words, indicator, Bound.AT_MOST, objective, unit, alert)


def _least(
    name: str,
    row: Row,
    words: str,
    indicator: Indicator,
    objective: float,
    unit: Unit,
    alert: Alert,
) -> ServiceLevel:
    return ServiceLevel(name, row, words, indicator, Bound.AT_LEAST, objective, unit, alert)


def _answers(route: str) -> Quantile:
    return Quantile("oo_request_seconds", 0.99, "5m", {"route": route, "status": "2xx"})


_PAGE, _TICKET = Severity.PAGE, Severity.TICKET

LEVELS: tuple[ServiceLevel, ...] = (
    _most(
        "tip-latency",
        Row.TIPS,
        "99 of 100 tips come within this time",
        _answers("/recommend"),
        0.5,
        Unit.SECONDS,
        Alert("TipsAreSlow", "5m", _PAGE, "tips-are-slow"),
    ),
    _most(
        "reaction-latency",
        Row.TIPS,
        "99 of 100 reactions are acknowledged within this time",
        _answers("/feedback"),
        0.5,
        Unit.SECONDS,
        Alert("ReactionsAreSlow", "5m", _PAGE, "tips-are-slow"),
    ),
    _most(
        "requests-failed",
        Row.TIPS,
        "Requests for a tip and reactions that are answered with an error of oO's",
        Share("oo_request_seconds_count", {"status": "5xx"}, "5m"),
        0.001,
        Unit.SHARE,
        Alert("RequestsFail", "5m", _PAGE, "tips-are-slow"),
    ),
    _most(
        "tips-composed",
        Row.TIPS,
        "Tips that no model wrote",
        Share("oo_decisions_total", {"source": "fallback"}, "15m"),
        0.2,
        Unit.SHARE,
        Alert("TipsAreComposed", "15m", _TICKET, "the-engine-is-slow"),
    ),
    _most(
        "tips-by-chance",
        Row.TIPS,
        "Tips that chance picked because the policy could not",
        Share("oo_decisions_total", {"picked": "chance"}, "15m"),
        0.001,
        Unit.SHARE,
        Alert("TipsByChance", "5m", _PAGE, "a-part-is-down"),
    ),
    _most(
        "fold-lag",
        Row.LEARNING,
        "Age of the oldest reaction that nobody's state has learnt yet",
        Most("oo_fold_lag_seconds"),
        5,
        Unit.SECONDS,
        Alert("ReactionsAreNotLearnt", "2m", _PAGE, "reactions-are-not-learnt"),
    ),
    _least(
        "pools-good",
        Row.CANDIDATES,
        "Active people whose candidates are good now",
        Least("oo_pool_good_ratio"),
        POOLS_GOOD,
        Unit.SHARE,
        Alert("PoolsAreStale", "15m", _TICKET, "pools-are-stale"),
    ),
    _most(
        "pools-refreshed",
        Row.CANDIDATES,
        "9 of 10 changes are followed by good candidates within this time",
        Quantile("oo_pool_refresh_seconds", 0.9, "1h"),
        10,
        Unit.SECONDS,
        Alert("PoolsAreLate", "15m", _TICKET, "pools-are-stale"),
    ),
    _most(
        "engine-queue",
        Row.CANDIDATES,
        "Answers that the engine has not begun",
        Most("oo_engine_requests", where={"state": "waiting"}),
        16,
        Unit.THINGS,
        Alert("TheEngineIsBehind", "5m", _TICKET, "the-engine-is-slow"),
    ),
    _most(
        "model-calls-failed",
        Row.CANDIDATES,
        "Calls of models that brought no answer",
        Share("oo_model_calls_total", {"outcome": "!answered"}, "15m"),
        0.2,
        Unit.SHARE,
        Alert("ModelCallsFail", "15m", _TICKET, "the-engine-is-slow"),
    ),
    _most(
        "events-told",
        Row.EVENTS,
        "Age of the oldest fact that is no event yet",
        Most("oo_outbox_untold_seconds"),
        10,
        Unit.SECONDS,
        Alert("EventsAreLate", "2m", _TICKET, "events-wait"),
    ),
    _most(
        "consumers-failing",
        Row.EVENTS,
        "The consumer failed at its last try",
        Most("oo_event_consumer_failing", by="consumer"),
        0,
        Unit.THINGS,
        Alert("AConsumerFails", "10m", _TICKET, "events-wait"),
    ),
    _most(
        "consumer-lag",
        Row.EVENTS,
        "Events that wait for a consumer",
        Most("oo_event_consumer_lag", by="consumer"),
        1000,
        Unit.THINGS,
        Alert("AConsumerIsBehind", "10m", _TICKET, "events-wait"),
    ),
    _most(
        "errands-wait",
        Row.EVENTS,
        "Age of the oldest errand, such as a task to close",
        Most("oo_errands_waiting_seconds", by="subject"),
        3600,
        Unit.SECONDS,
        Alert("ErrandsWait", "15m", _TICKET, "a-source-is-down"),
    ),
    _most(
        "errands-given-up",
        Row.EVENTS,
        "Errands that were given up within a day",
        Most("oo_errands_given_up", by="subject"),
        0,
        Unit.THINGS,
        Alert("ErrandsAreGivenUp", "5m", _TICKET, "a-source-is-down"),
    ),
    _most(
        "deliveries-wait",
        Row.DELIVERY,
        "Since when the first delivery should be on its way",
        Most("oo_deliveries_due_seconds"),
        60,
        Unit.SECONDS,
        Alert("DeliveriesWait", "5m", _TICKET, "deliveries-wait"),
    ),
    _most(
        "sources-stale",
        Row.SOURCES,
        "Connections of one source that were not read for half an hour",
        ShareOfGauges("oo_source_stale", "oo_source_connections", by="source"),
        0.1,
        Unit.SHARE,
        Alert("ASourceIsStale", "15m", _TICKET, "a-source-is-down"),
    ),
    _most(
        "sources-failing",
        Row.SOURCES,
        "Connections of one source that failed the last time or wait for their person",
        ShareOfGauges("oo_source_failing", "oo_source_connections", by="source"),
        0.2,
        Unit.SHARE,
        Alert("ASourceFails", "15m", _TICKET, "a-source-is-down"),
    ),
    _most(
        "door",
        Row.PARTS,
        "Requests for a tip that wait before one host's door",
        Most("oo_admission_requests", where={"state": "waiting"}),
        64,
        Unit.THINGS,
        Alert("MoreIsAskedThanCanBeDone", "2m", _TICKET, "tips-are-slow"),
    ),
    _least(
        "store-ready",
        Row.PARTS,
        "The store answers",
        Least("oo_part_ready", where={"part": "store"}),
        1,
        Unit.THINGS,
        Alert("TheStoreIsAway", "1m", _PAGE, "a-part-is-down"),
    ),
    _least(
        "parts-ready",
        Row.PARTS,
        "The part is ready",
        Least("oo_part_ready", by="part"),
        1,
        Unit.THINGS,
        Alert("APartIsDown", "5m", _TICKET, "a-part-is-down"),
    ),
    _most(
        "jobs-late",
        Row.PARTS,
        "How long a job is overdue",
        Overdue("oo_job_due_timestamp_seconds", by="job_name"),
        0,
        Unit.SECONDS,
        Alert("AJobIsLate", "2m", _TICKET, "a-job-is-late"),
    ),
    _least(
        "oo-heard",
        Row.PARTS,
        "Parts of which anything is heard",
        Seen("oo_part_ready"),
        1,
        Unit.THINGS,
        Alert("NothingIsHeardOfOo", "2m", _PAGE, "a-part-is-down"),
    ),
)
