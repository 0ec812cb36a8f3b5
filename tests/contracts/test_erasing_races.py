"""Erasing a person while everything else of theirs goes on, on SQLite and on a real PostgreSQL.

`OO_RACES=1000 pytest tests/contracts/test_erasing_races.py` runs that many races on each store.
"""

import asyncio
import os
from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime
from random import Random

import httpx2
import pytest

from ml.composing.fallback import fallback
from ml.policies import policies
from oo.domain.context import PromptContext
from oo.domain.model_calls import Terms
from oo.domain.rewards import Action
from oo.integrations.service import Integrations
from oo.jobs.erasing import erase_people
from oo.jobs.periodic import revoke_grants
from oo.kit.clock import ManualClock
from oo.kit.errors import Conflict, NotFound, Unauthorized
from oo.recommend.filling import PoolFiller
from oo.recommend.gathering import gather
from oo.recommend.learner import Learner
from oo.recommend.ports import Assembled, Written
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import audit, tasks, users
from oo.store.audit import Head
from oo.store.database import Database
from oo.store.erasure_log import ErasureLog
from tests.contracts.erasing import (
    address,
    ask,
    clock,
    db,
    http,
    integrations,
    log,
    peer,
    postgres_url,
    rows_of,
    settings,
)
from tests.peers.store import add_person
from tests.peers.todoist import TodoistPeer
from tests.unit.integrations.conftest import connect
from tests.unit.recommend.conftest import candidate, put_pool, serve_tip

__all__ = [  # fixtures
    "address",
    "clock",
    "db",
    "http",
    "integrations",
    "log",
    "peer",
    "postgres_url",
    "settings",
]
RACES = int(os.environ.get("OO_RACES", "8"))
AT_ONCE = 5  # of what goes on beside the erasure
GONE = (Conflict, NotFound, Unauthorized)  # what somebody hears who comes too late
pytestmark = pytest.mark.timeout(600 + RACES * 5)


class Model:
    """What a fill needs, made of the store alone."""

    def __init__(self, db: Database, clock: ManualClock) -> None:
        self._db, self._clock = db, clock

    async def assemble(self, user_id: str, at: datetime | None = None) -> Assembled | None:
        async with self._db.read() as connection:
            return await gather(connection, user_id, at or self._clock.now())

    def pool_key(self, context: PromptContext, cloud_consent: bool) -> str:
        return str(hash(context))

    async def write(
        self, context: PromptContext, count: int, deadline_s: float, terms: Terms
    ) -> Written:
        return Written(fallback(context, count, Random(1)), False)


async def test_no_race_leaves_a_row(
    db: Database,
    address: str,
    clock: ManualClock,
    log: ErasureLog,
    integrations: Integrations,
    http: httpx2.AsyncClient,
    peer: TodoistPeer,
) -> None:
    other = Database(address)
    borders = [Reactions(db, clock), Reactions(other, clock)]
    model = Model(other, clock)
    filler, learner = (
        PoolFiller(other, clock, model, model),
        Learner(db, policies()["lints"], clock),
    )
    profiles = Profiles(other, clock)
    peer.limit_per_window = 10 * RACES  # all of them come within its window
    for number in range(3):
        peer.add_task(f"Task {number}")
    bob = await add_person(db, clock, "bob")
    await put_pool(db, clock, bob)
    random = Random(9)

    async def race(number: int) -> None:
        ada = await add_person(db, clock, f"ada{number}")
        await connect(integrations, http, ada)
        pool = await put_pool(db, clock, ada)
        tips = [await serve_tip(db, clock, ada, one) for one in pool]
        bobs = await serve_tip(db, clock, bob, candidate(clock))

        async def erase() -> None:
            await ask(other, clock, ada)
            await erase_people(db, clock, log)

        async def feedback(index: int) -> None:
            # one transaction for both: who is gone holds up nobody else
            both = [
                ReactionRequest(ada, tips[index], Action.DONE, 900, f"{number} {index}"),
                ReactionRequest(bob, bobs, Action.DONE, 900, f"{number}"),
            ]
            mine, bobs_own = await asyncio.gather(
                *(borders[index % 2].accept(one) for one in both), return_exceptions=True
            )
            assert not isinstance(bobs_own, BaseException) or isinstance(bobs_own, Conflict)
            if isinstance(mine, BaseException):
                raise mine

        async def fold() -> None:
            await learner.catch_up({ada: 1, bob: number + 1})
            await learner.flush()

        async def late(work: Awaitable[object]) -> None:
            await asyncio.sleep(random.random() * 0.05)
            with suppress(*GONE):
                await work

        listed = "\n".join(f"- Task {random.randrange(9)}" for _ in range(5)).encode()
        works = [
            *(feedback(index) for index in range(len(tips))),
            integrations.sync(ada),
            integrations.import_file(ada, "list.md", listed),
            filler.fill(ada, 1.0),
            fold(),
            profiles.rebuild(ada),
        ]
        random.shuffle(works)
        for left_out in works[AT_ONCE:]:
            left_out.close()
        await asyncio.gather(late(erase()), *(late(work) for work in works[:AT_ONCE]))
        await revoke_grants.run(db, clock, integrations)
        await erase_people(db, clock, log)
        assert await rows_of(db, ada) == {}, number

    for number in range(RACES):
        await race(number)
    async with db.read() as connection:
        assert isinstance(await audit.verify(connection), Head)
        assert (await users.sequences(connection)).keys() == {bob}
        assert len(await tasks.list_open(connection, bob)) == 3
    assert len(log.read()) == RACES
    await other.close()
