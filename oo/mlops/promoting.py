"""Promotion asked for in the console: the gate looks in a process of its own.

It replays the log and simulates people, which is seconds to minutes of a processor; the process
that serves tips has none to spare.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from oo.domain.policies import ref_of
from oo.domain.promotion import Ruling
from oo.kit.aside import Tell, answering, aside
from oo.kit.clock import Clock, SystemClock
from oo.kit.settings import load_settings
from oo.mlops import roles
from oo.mlops.promotion import TRIAL, Report, Trial, examine, prepare
from oo.mlops.roles import Order
from oo.store.database import Database
from oo.vault.offline import with_store

WITHIN_S = 600.0


async def _no_pin() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Leads policies through the gate, each in a process that ends with this one.

    `pin` asks the shards which policy they are told to keep to.
    """

    trial: Trial = TRIAL
    pin: Callable[[], Awaitable[str | None]] = _no_pin

    async def pinned(self) -> str | None:
        """See `PromotesPolicies`."""
        return await self.pin()

    async def promote(self, name: str, actor: str, reason: str) -> Ruling:
        """See `PromotesPolicies`."""
        order = {"name": name, "actor": actor, "reason": reason, "trial": asdict(self.trial)}
        found = await aside("oo.mlops.promoting", order, WITHIN_S)
        return Ruling(found["policy"], found["before"], found["decisions"], (*found["refusals"],))


async def ruled(
    db: Database, clock: Clock, name: str, actor: str, reason: str, trial: Trial = TRIAL
) -> Ruling:
    """Prepare, examine and decide as `oo policy promote` does; raises what they raise."""
    contest = await prepare(db, name, clock.now())
    report = await asyncio.to_thread(examine, contest, trial, lambda: None)
    await roles.decide(db, contest, report, Order(actor, reason, clock.now()))
    return Ruling(str(ref_of(contest.challenger)), str(ref_of(contest.incumbent)), *_said(report))


def _said(report: Report) -> tuple[int, tuple[str, ...]]:
    failed = [one for one in report.checks if not one.passed]
    return report.decisions, tuple(f"{one.name}: {one.advice}" for one in failed)


def _work(order: dict[str, Any], tell: Tell) -> dict[str, Any]:
    clock = SystemClock()
    trial = Trial(**order.pop("trial"))
    found = with_store(load_settings(), lambda db: ruled(db, clock, **order, trial=trial))
    return found._asdict()


if __name__ == "__main__":
    answering(_work)
