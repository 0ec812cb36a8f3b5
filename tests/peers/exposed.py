"""Everything that `/metrics` can say, made to say it."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import deployments.metrics
import oo.kit.metrics
from oo.domain.events import Standing
from oo.domain.health import State
from oo.events.backlog import Untold
from oo.events.consumers import counted
from oo.kit.metrics import Counted, Level, Timed, rendered
from oo.recommend.freshness import Freshness
from oo.store.lags import Due, Errands, SourceLag
from oo.web import gauges
from oo.web.figures import Figures

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
BEFORE = NOW - timedelta(seconds=20)
FIGURES = Figures(
    standings=[Standing("mirror", 3, 2, "", (), 0)],
    untold=Untold(4, BEFORE),
    errands=[Errands("commands.task.complete", 5, BEFORE, 1)],
    deliveries=Due(6, BEFORE),
    given_up={"commands.task.complete": 2},
    sources=[SourceLag("todoist", 7, 1, 2, NOW, BEFORE)],
)


class Exposed(NamedTuple):
    """The families of metrics, as a reader names them, and the labels of each series."""

    families: set[str]
    labels: dict[str, set[str]]


def exposed() -> Exposed:
    """What is counted anywhere, and every gauge."""
    for module in (oo.kit.metrics, deployments.metrics, counted):
        for metric in vars(module).values():
            if isinstance(metric, Counted | Level | Timed):
                _touch(metric)
    now = [
        *gauges.of_parts({"store": State.READY}),
        *gauges.of_pools(Freshness(1, 1, [3.0])),
        *gauges.of_store(FIGURES, NOW),
    ]
    found = list(text_string_to_metric_families(rendered(now).decode()))
    ours = [it for it in found if it.name.startswith("oo_") and not it.name.endswith("_created")]
    labels: dict[str, set[str]] = {}
    for family in ours:
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return Exposed({_named(family) for family in ours}, labels)


def _touch(metric: Counted | Level | Timed) -> None:
    values = ["x"] * len(metric.labels)
    match metric:
        case Counted():
            metric.add(0, *values)
        case Level():
            metric.set(0, *values)
        case Timed():
            metric.observe(0, *values)


def _named(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name
