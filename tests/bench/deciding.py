"""What a pass of deciding costs, by how many people's moment has come at once.

    python -m tests.bench.deciding --people 1000,10000,100000

Everybody is due in the same pass, the worst that can be: usually a few in a thousand are. The store
is SQLite; the policy is the learnt one, with a state for half of the people. Tips are not picked
by the ranker, and nothing is sent: those cost per push, not per person. Prints wall and processor
seconds and the peak of resident memory, each size in a process of its own.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Table, insert

from ml.delivery.policies import delivery_policies
from oo.delivery.deciding import Decider
from oo.domain.consents import NOTIFICATIONS
from oo.domain.interruptions import MomentKind, Occasion, Pushes, columns_of, features_of
from oo.domain.moments import jitter
from oo.domain.statistics import Statistics
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.garbage import keep_what_is_loaded
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.store.tables import (
    candidates,
    consents,
    delivery_decisions,
    delivery_models,
    delivery_moments,
    delivery_rewards,
    metadata,
    profiles,
    tasks,
    users,
)
from oo.vault.service import Vault
from tests.peers.speaking import Fixed, KeptDeliveries, Tips

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
PAGE = 2000
ZONES = ("Europe/Zurich", "UTC", "Africa/Nairobi", "Europe/Lisbon")
FEATURES = features_of(Occasion(MomentKind.GAP, NOW, 0.7, True, {}, Pushes(1, 3, 1, 0, 20.0)))


def main() -> None:
    """Measure each size and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", default="1000,10000,100000")
    sizes = [int(one) for one in arguments.parse_args().people.split(",")]
    told = sys.stdout.write
    told("| People due | Decisions | Wall s | CPU s | CPU ms each | Peak MiB |\n")
    told("|---|---|---|---|---|---|\n")
    for size in sizes:
        with get_context("spawn").Pool(1) as pool:
            told(pool.apply(measured, (size,)) + "\n")
            sys.stdout.flush()


def measured(people: int) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), people))


async def _measure(folder: Path, people: int) -> str:
    vault = Vault.of(Settings(data_dir=folder), SystemClock())
    db = Database(f"sqlite+aiosqlite:///{folder / 'bench.db'}", vault)
    async with db.write() as connection:
        await connection.run_sync(metadata.create_all)
    for table, rows in _rows(people):
        async with db.write() as connection:
            await connection.execute(insert(table), rows)
    clock, seeds = ManualClock(NOW), count(1)
    policy = delivery_policies()["learnt"]
    decider = Decider(db, clock, Fixed(policy), Tips(clock), KeptDeliveries(), lambda: next(seeds))
    keep_what_is_loaded()
    timer = SystemClock()
    began, busy = timer.monotonic(), time.process_time()
    made = await decider.decide_due()
    wall, cpu = timer.monotonic() - began, time.process_time() - busy
    await db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = cpu / people * 1000
    return f"| {people:,} | {made:,} | {wall:.1f} | {cpu:.1f} | {each:.2f} | {peak:.0f} |"


def _rows(people: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """The rows of the people, a page at a time: each table in turn."""
    rng = np.random.default_rng(1)
    x = np.array(list(FEATURES.values()))
    state = Statistics.empty(len(x)).add(x, 1.0).add(x, -0.1).encode()
    for start in range(0, people, PAGE):
        ids = [f"{number:032x}" for number in range(start, min(start + PAGE, people))]
        some = [it for it, drawn in zip(ids, rng.random(len(ids)), strict=True) if drawn < 0.5]
        yield users, [_user(it, number) for number, it in enumerate(ids)]
        yield consents, [_consent(it) for it in ids]
        yield tasks, [_task(it) for it in ids]
        yield candidates, [_candidate(it, k) for it in ids for k in range(3)]
        yield profiles, [_profile(it) for it in ids]
        yield delivery_moments, [_moment(it) for it in ids]
        yield delivery_decisions, [_decision(it, k) for it in some for k in range(3)]
        yield delivery_rewards, [_reward(it, k) for it in some for k in range(3)]
        yield delivery_models, [_model(it, state) for it in some]


def _user(user_id: str, number: int) -> dict[str, Any]:
    zone = ZONES[number % len(ZONES)]
    return {"id": user_id, "email": "", "name": "", "timezone": zone, "created_at": NOW}


def _consent(user_id: str) -> dict[str, Any]:
    said = {"purpose": NOTIFICATIONS, "version": 9, "given": True, "at": NOW, "how": "bench"}
    return {"user_id": user_id, **said}


def _task(user_id: str) -> dict[str, Any]:
    return {
        "user_id": user_id, "id": "file:1", "source": "file", "external_id": "1", "title": "x",
        "priority": 2, "due": NOW.date(), "labels": [], "recurring": False,
    }  # fmt: skip


def _candidate(user_id: str, k: int) -> dict[str, Any]:
    return {
        "id": f"{k}{user_id[1:]}", "user_id": user_id, "pool_key": "k", "kind": "task",
        "content": "x", "source": "llm", "model": "m", "prompt_version": "p",
        "confidence": 0.3 * k, "task_id": "file:1", "claims": [], "created_at": NOW,
        "expires_at": NOW + timedelta(hours=5),
    }  # fmt: skip


def _profile(user_id: str) -> dict[str, Any]:
    values = {"preferred_hour_sin": 0.3, "preferred_hour_cos": -0.5, "completion_rate": 0.6}
    return {"user_id": user_id, "user_seq": 0, "values": values, "computed_at": NOW}


def _moment(user_id: str) -> dict[str, Any]:
    return {
        # everybody at an instant of their own, as their jitter has it
        "user_id": user_id, "next_at": NOW - timedelta(seconds=30) - jitter(user_id) / 2,
        "kind": "usual_hour",
        "hours": [10.0, 19.0], "hours_at": NOW,
    }  # fmt: skip


def _decision(user_id: str, k: int) -> dict[str, Any]:
    at = NOW - timedelta(hours=30 + 20 * k)
    return {
        "id": f"{k}{user_id[1:]}", "user_id": user_id, "created_at": at, "moment": "gap",
        "policy": "learnt", "policy_version": "1", "seed": 1, "state_seq": 0,
        "features": columns_of(FEATURES), "chosen": 1, "propensities": [0.5, 0.5],
        "scores": [0.0, 0.1], "tip_id": f"{k}{user_id[1:]}", "delivery_id": "d",
        "outcome": "ignored" if k else "acted", "reward": -0.1 if k else 1.0, "settled_at": at,
    }  # fmt: skip


def _reward(user_id: str, k: int) -> dict[str, Any]:
    return {
        "user_id": user_id, "seq": k + 1, "decision_id": f"{k}{user_id[1:]}", "outcome": "ignored",
        "reward": -0.1, "features": FEATURES, "learned_at": NOW, "created_at": NOW,
    }  # fmt: skip


def _model(user_id: str, state: bytes) -> dict[str, Any]:
    return {
        "user_id": user_id, "policy": "delivery", "state": state, "applied_seq": 2,
        "updated_at": NOW,
    }  # fmt: skip


if __name__ == "__main__":
    main()
