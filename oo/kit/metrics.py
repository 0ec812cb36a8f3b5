"""What oO counts, for Prometheus: each process adds to files that `/metrics` sums up.

`share_through` must come before anything is counted; without it a process counts for itself alone,
as tests do. prometheus_client decides at its import where values live, hence the late import.
"""

import os
import shutil
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
NAME = "metrics"


def share_through(data_dir: Path) -> None:
    """Have this process count in the data folder, with all others of this host."""
    folder = data_dir.resolve() / NAME
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ[FOLDER] = str(folder)


def forget(data_dir: Path) -> None:
    """Take away what earlier runs of the data folder counted."""
    shutil.rmtree(data_dir.resolve() / NAME, ignore_errors=True)


def _registry() -> "CollectorRegistry":
    """What all processes counted, or this one where it counts for itself."""
    from prometheus_client import REGISTRY, CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    if FOLDER not in os.environ:
        return REGISTRY
    _forget_the_dead(Path(os.environ[FOLDER]))
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    return found


def _forget_the_dead(folder: Path) -> None:
    """Take away how much processes held that have ended; what they counted stays."""
    for file in folder.glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _is_alive(int(pid)):
            file.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


class Gauge(NamedTuple):
    """A number as it is now, or one for each value of a label."""

    name: str
    words: str
    values: Mapping[str, float]
    label: str = ""


def rendered(gauges: Iterable[Gauge]) -> bytes:
    """What is counted, and these, in Prometheus' text form."""
    from prometheus_client import CollectorRegistry, Metric, generate_latest
    from prometheus_client.core import GaugeMetricFamily

    class Now:
        def collect(self) -> Iterator[Metric]:
            for gauge in gauges:
                labels = [gauge.label] if gauge.label else []
                family = GaugeMetricFamily(gauge.name, gauge.words, labels=labels)
                for value, number in gauge.values.items():
                    family.add_metric([value] if gauge.label else [], number)
                yield family

    REQUESTS.tell()
    now = CollectorRegistry(auto_describe=False)
    now.register(Now())
    return generate_latest(_registry()) + generate_latest(now)


class _Made:
    """A metric that is made when it is first needed; its children by the values of their labels."""

    def __init__(self, name: str, words: str, *labels: str) -> None:
        self.name, self.words, self.labels = name, words, labels
        self._children: dict[tuple[str, ...], Any] = {}

    def _make(self) -> Any:
        raise NotImplementedError

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def _of(self, values: tuple[str, ...]) -> Any:
        """The child with these values: Prometheus' own look-up takes longer than counting."""
        found = self._children.get(values)
        if found is None:
            found = self._made.labels(*values) if values else self._made
            self._children[values] = found
        return found


class Counted(_Made):
    """A counter."""

    def _make(self) -> Any:
        from prometheus_client import Counter

        return Counter(self.name, self.words, self.labels)

    def show(self) -> None:
        """Have it listed before there is anything to count."""
        _ = self._made

    def inc(self, *values: str) -> None:
        """One more, with these values of the labels."""
        self._of(values).inc()

    def add(self, amount: float, *values: str) -> None:
        """So much more."""
        self._of(values).inc(amount)


class Level(_Made):
    """A number that a process says as it is now; of several processes, the last one counts."""

    mode: Literal["mostrecent", "livemostrecent", "livesum"] = "mostrecent"

    def _make(self) -> Any:
        from prometheus_client import Gauge

        return Gauge(self.name, self.words, self.labels, multiprocess_mode=self.mode)

    def set(self, value: float, *values: str) -> None:
        """It is so much now."""
        self._of(values).set(value)


class Found(Level):
    """As a level, for as long as the process that said it lives."""

    mode = "livemostrecent"


class Held(Level):
    """How much a process holds now; all processes that live are summed up."""

    mode = "livesum"


class Timed(_Made):
    """A histogram of seconds."""

    def __init__(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> None:
        super().__init__(name, words, *labels)
        self.buckets = buckets

    def _make(self) -> Any:
        from prometheus_client import Histogram

        return Histogram(self.name, self.words, self.labels, buckets=self.buckets)

    def observe(self, seconds: float, *values: str) -> None:
        """One more that took so long."""
        self._of(values).observe(seconds)


class Tallied(Timed):
    """A histogram of what every request observes: kept here until :meth:`tell`, which shares it.

    To observe costs a tenth of what it costs a `Timed`. prometheus_client has no way to add several
    observations at once, hence the look inside; a test compares the two.
    """

    def __init__(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> None:
        super().__init__(name, words, buckets, *labels)
        self._tallies: dict[tuple[str, ...], list[float]] = {}  # a count per bucket, then the sum

    def observe(self, seconds: float, *values: str) -> None:
        """One more that took so long."""
        tally = self._tallies.get(values)
        if tally is None:
            tally = self._tallies[values] = [0.0] * (len(self.buckets) + 2)
        tally[bisect_left(self.buckets, seconds)] += 1
        tally[-1] += seconds

    def tell(self) -> None:
        """Share what was observed since."""
        for values, tally in self._tallies.items():
            child = self._of(values)
            *counts, total = tally
            tally[:] = [0.0] * len(tally)
            child._sum.inc(total)
            for bucket, count in zip(child._buckets, counts, strict=True):
                if count:
                    bucket.inc(count)


TIPS = Counted("oo_tips", "Tips decided on, by where their candidates came from", "candidates")
DECISIONS = Counted(
    "oo_decisions",
    "Decisions that were committed, by who wrote the tip and what picked it",
    "source",
    "picked",
)
STANDBY_PICKS = Counted(
    "oo_standby_picks", "Picks that an ingress made by the policy while a shard was away"
)
REQUESTS = Tallied(
    "oo_request_seconds",
    "From the arrival of a request to the end of its answer",
    (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    "route",
    "status",
)
ADMISSION = Held("oo_admission_requests", "Requests for a tip: under way, or waiting", "state")
ADMISSION_LIMIT = Held("oo_admission_limit", "How many requests for a tip may be under way")
SHARD_PEOPLE = Held("oo_shard_people", "People whose learnt states are in the memory of shards")
FOLD_PEOPLE = Found(
    "oo_fold_lag_people", "People with a reaction that is not in their stored state; 500 at most"
)
FOLD_OLDEST = Found("oo_fold_lag_seconds", "How long ago the oldest of these reactions was made")
# not "job": what Prometheus scrapes has that label already
JOB_RUNS = Counted("oo_job_runs", "Runs of jobs, by how they ended", "job_name", "outcome")
JOB_DUE = Level(
    "oo_job_due_timestamp_seconds",
    "By when the job is to have worked again, as Unix time",
    "job_name",
)
MODEL_CALLS = Counted(
    "oo_request_model_calls", "Times that a request for a tip had a model asked and waited for it"
)
FILLS = Counted("oo_pool_fills", "Pools that were written, by what for", "purpose")
REFRESHED = Timed(
    "oo_pool_refresh_seconds",
    "From the first change of what a pool is made from to a good pool",
    (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600),
)
