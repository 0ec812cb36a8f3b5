"""What a nightly batch would gain from Ray Data: composing for many people, in one process or two.

``python -m tests.bench.batch_ways --people 500``. The model is left out: each person's call goes
to the same engine either way.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import psutil
import ray
import ray.data
import typer
import yaml
from rich.console import Console

from ml.composing.choosing import slots
from ml.composing.writing import knowing_composer
from oo.domain.context import PromptContext
from oo.domain.pools import POOL_SIZE
from oo.domain.standing import Standing
from oo.recommend.assembly import assemble
from tests.bench.nightly import TITLES, tasks_of

OBJECT_STORE_BYTES = 128 * 1024**2
ACTORS = 2
BATCH = 16

out = Console(highlight=False)


class Composing:
    """What an actor of Ray Data holds: the composer, made once."""

    def __init__(self) -> None:
        self.composer = knowing_composer()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """How many slots there are for each person of the batch."""
        made = [len(slots(self.composer.lines(c, Random(1)), POOL_SIZE)) for c in batch["context"]]
        return {"slots": made}


def main(people: Annotated[int, typer.Option(min=10)] = 500) -> None:
    """Compose for the same people in both ways, and say how long each took."""
    contexts = list(_contexts(people))
    started = time.monotonic()
    one = Composing()
    ready = time.monotonic()
    one({"context": contexts})
    _say("one process", people, ready - started, time.monotonic() - ready, psutil.Process())
    ray.init(
        address="local",
        num_cpus=4,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
        logging_level="ERROR",
    )
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        started = time.monotonic()
        made = ray.data.from_items([{"context": context} for context in contexts]).map_batches(
            Composing, batch_size=BATCH, concurrency=ACTORS
        )
        rows = iter(made.iter_rows())
        next(rows)
        ready = time.monotonic()  # the first batch is there
        sum(1 for _ in rows)
        workers = [
            child
            for child in psutil.Process().children(recursive=True)
            if "MapWorker" in " ".join(child.cmdline())
        ]
        took = time.monotonic() - ready
        _say(f"Ray Data, {ACTORS} actors", people, ready - started, took, *workers)
    finally:
        ray.shutdown()


def _contexts(people: int) -> Iterator[PromptContext]:
    now = datetime.now(UTC).replace(hour=8)
    by_language: dict[str, list[str]] = {}
    for line in yaml.safe_load(TITLES.read_text("utf-8")):
        by_language.setdefault(line["lang"], []).append(line["title"])
    for number in range(people):
        titles = by_language[sorted(by_language)[number % len(by_language)]]
        found = tasks_of(titles, number, now)
        yield assemble(Standing(found, ZoneInfo("UTC")).at(now), found)


def _say(name: str, people: int, start_s: float, took_s: float, *own: psutil.Process) -> None:
    memory = sum(one.memory_info().rss for one in own) / 2**20
    out.print(
        f"{name}: {start_s:.1f} s until the first, {people / took_s:.1f} people/s after it,"
        f" {memory:.0f} MiB"
    )


if __name__ == "__main__":
    typer.run(main)
