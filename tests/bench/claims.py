"""What checking claims costs per candidate, by the length of the list.

``python -m tests.bench.claims``; no store, no network.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from ml.composing.fallback import fallback
from oo.domain.claims import Claim, Fact, holds
from oo.domain.standing import Listed, Standing
from oo.domain.tasks import Task
from oo.recommend.assembly import assemble

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Zurich")
SIZES = (30, 5_000)
LIMIT_US = 100.0


def person(size: int, random: Random) -> list[Task]:
    """A list with dates, instants and neither."""
    return [
        Task(
            f"file:{n}",
            "file",
            str(n),
            f"Write the report number {n}",
            random.randint(1, 4),
            NOW.date() + timedelta(days=random.randint(-9, 30)) if n % 3 == 0 else None,
            NOW + timedelta(minutes=random.randint(-9000, 9000)) if n % 3 == 1 else None,
            NOW - timedelta(days=random.randint(0, 60)),
        )
        for n in range(size)
    ]


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The least time of one round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


def main(rounds: Annotated[int, typer.Option(help="Rounds; the best counts.")] = 300) -> None:
    """Print the table; exit with 1 when a candidate costs more than LIMIT_US."""
    table = Table(
        "tasks", "load, ms", "first of a day, ms", "per candidate, µs", title="Checking claims"
    )
    slow = False
    for size in SIZES:
        random = Random(size)
        tasks = person(size, random)
        listed = [Listed(t.id, t.title, t.priority, t.due, t.due_at, t.added_at) for t in tasks]
        standing = Standing(listed, ZONE)
        drafts = fallback(assemble(standing.at(NOW), tasks), 20, random)
        pools: list[list[Claim]] = [
            [*draft.claims, Claim(Fact.MOST_PRESSING, draft.task_id)] for draft in drafts
        ]

        def check(standing: Standing = standing, pools: list[list[Claim]] = pools) -> None:
            moment = standing.at(NOW)
            for claims in pools:
                for claim in claims:  # all of them: a candidate that fails early costs less
                    holds(claim, moment)

        load = seconds(lambda listed=listed: Standing(listed, ZONE), 20)  # type: ignore[misc]
        ranking = seconds(
            lambda listed=listed: Standing(listed, ZONE).at(NOW).most_pressing,  # type: ignore[misc]
            20,
        )
        each = seconds(check, rounds) / len(pools) * 1e6
        slow |= each > LIMIT_US
        table.add_row(
            f"{size:,}", f"{load * 1e3:.2f}", f"{(ranking - load) * 1e3:.2f}", f"{each:.1f}"
        )
    Console().print(table)
    raise typer.Exit(int(slow))


if __name__ == "__main__":
    typer.run(main)
