"""What the dashboard shows beside the service levels: how much of everything there is."""

from typing import NamedTuple

from oo.domain.service_level import Row


class Line(NamedTuple):
    """One expression, and what its lines are called; `{{label}}` is a label's value."""

    promql: str
    legend: str


class Panel(NamedTuple):
    """A chart with Grafana's name of its unit."""

    row: Row
    title: str
    unit: str
    lines: tuple[Line, ...]


def _rate(counter: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({counter}{where}[$__rate_interval]))"


def _quantile(q: float, histogram: str, by: str, where: str = "") -> str:
    rate = f"rate({histogram}_bucket{where}[$__rate_interval])"
    return f"histogram_quantile({q:g}, sum by (le, {by}) ({rate}))"


PANELS: tuple[Panel, ...] = (
    Panel(
        Row.TIPS,
        "Requests",
        "reqps",
        (Line(_rate("oo_request_seconds_count", "route, status"), "{{route}} {{status}}"),),
    ),
    Panel(
        Row.TIPS,
        "Time of answers",
        "s",
        tuple(
            Line(
                _quantile(q, "oo_request_seconds", "route", '{status="2xx"}'), f"{{{{route}}}} p{p}"
            )
            for q, p in ((0.5, 50), (0.95, 95), (0.99, 99))
        ),
    ),
    Panel(
        Row.TIPS,
        "Decisions",
        "ops",
        (
            Line(_rate("oo_decisions_total", "source, picked"), "{{source}}, picked by {{picked}}"),
            Line("sum(rate(oo_standby_picks_total[$__rate_interval]))", "picked by an ingress"),
        ),
    ),
    Panel(
        Row.LEARNING,
        "Reactions told",
        "ops",
        (
            Line(
                _rate("oo_events_total", "subject", '{subject=~"feedback.*|signals.tip.feedback"}'),
                "{{subject}}",
            ),
        ),
    ),
    Panel(
        Row.LEARNING,
        "People whose state lacks reactions",
        "short",
        (Line("max(oo_fold_lag_people)", "people"),),
    ),
    Panel(
        Row.LEARNING,
        "People in the memory of shards",
        "short",
        (Line("sum(oo_shard_people)", "people"),),
    ),
    Panel(
        Row.CANDIDATES,
        "Where candidates came from",
        "ops",
        (
            Line(_rate("oo_tips_total", "candidates"), "{{candidates}}"),
            Line("sum(rate(oo_request_model_calls_total[$__rate_interval]))", "waited for a model"),
        ),
    ),
    Panel(
        Row.CANDIDATES,
        "Pools written",
        "ops",
        (Line(_rate("oo_pool_fills_total", "purpose"), "for {{purpose}}"),),
    ),
    Panel(
        Row.CANDIDATES,
        "Active people, and the ages of pools",
        "short",
        (
            Line("max(oo_pool_active_people)", "active people"),
            Line("max by (quantile) (oo_pool_age_seconds)", "age in s, quantile {{quantile}}"),
        ),
    ),
    Panel(
        Row.CANDIDATES,
        "Calls of models",
        "ops",
        (Line(_rate("oo_model_calls_total", "alias, outcome"), "{{alias}} {{outcome}}"),),
    ),
    Panel(
        Row.CANDIDATES,
        "Time of calls",
        "s",
        tuple(
            Line(_quantile(q, "oo_model_latency_seconds", "alias"), f"{{{{alias}}}} p{p}")
            for q, p in ((0.5, 50), (0.95, 95))
        ),
    ),
    Panel(
        Row.CANDIDATES,
        "Engine",
        "short",
        (Line("max by (state) (oo_engine_requests)", "{{state}}"),),
    ),
    Panel(
        Row.CANDIDATES,
        "Tips by gate",
        "ops",
        (Line(_rate("oo_model_tips_total", "gate"), "{{gate}}"),),
    ),
    Panel(
        Row.CANDIDATES,
        "Tokens and US dollars",
        "short",
        (
            Line(_rate("oo_model_tokens_total", "direction"), "{{direction}} tokens a second"),
            Line("sum(increase(oo_model_cost_usd_total[1h]))", "USD an hour"),
            Line("min by (alias) (oo_model_asked)", "{{alias}} is asked"),
        ),
    ),
    Panel(
        Row.EVENTS,
        "Events told",
        "ops",
        (Line(_rate("oo_events_total", "subject"), "{{subject}}"),),
    ),
    Panel(
        Row.EVENTS,
        "What waits",
        "short",
        (
            Line("max(oo_outbox_untold)", "facts for the relay"),
            Line("max by (subject) (oo_errands_waiting)", "{{subject}}"),
            Line("max by (subject) (oo_errands_failing)", "{{subject}}, failed before"),
        ),
    ),
    Panel(
        Row.DELIVERY,
        "Deliveries",
        "ops",
        (
            Line(
                _rate(
                    "oo_events_total",
                    "subject",
                    '{subject=~"signals.tip.(delivered|opened|expired)"}',
                ),
                "{{subject}}",
            ),
        ),
    ),
    Panel(
        Row.DELIVERY,
        "Deliveries that are due",
        "short",
        (Line("max(oo_deliveries_due)", "deliveries"),),
    ),
    Panel(
        Row.SOURCES,
        "Connections",
        "short",
        (
            Line("max by (source) (oo_source_connections)", "{{source}}"),
            Line("max by (source) (oo_source_failing)", "{{source}}, failing"),
        ),
    ),
    Panel(
        Row.SOURCES,
        "Since it was read",
        "s",
        (
            Line("max by (source) (oo_source_read_seconds)", "{{source}}, for anybody"),
            Line("max by (source) (oo_source_oldest_seconds)", "{{source}}, the longest"),
        ),
    ),
    Panel(
        Row.PARTS,
        "Requests for a tip",
        "short",
        (
            Line("sum by (state) (oo_admission_requests)", "{{state}}"),
            Line("sum(oo_admission_limit)", "may be under way"),
        ),
    ),
    Panel(
        Row.PARTS,
        "Parts",
        "short",
        (Line("min by (part) (oo_part_ready)", "{{part}}"),),
    ),
    Panel(
        Row.PARTS,
        "Runs of jobs that failed",
        "ops",
        (Line(_rate("oo_job_runs_total", "job_name", '{outcome="failed"}'), "{{job_name}}"),),
    ),
)
