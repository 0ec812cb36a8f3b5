"""Shadows asked by two processes at once, on a real PostgreSQL, while people react and go."""

import asyncio

import pytest
from sqlalchemy import update

from ml.policies import policies
from oo.kit.clock import ManualClock
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.recommend.learner import Learner
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store import tables, users
from oo.store.database import Database
from tests.contracts.two_stores import address, stores
from tests.peers.shadows import InShadow, ask_all
from tests.peers.store import add_person
from tests.unit.recommend.conftest import START, clock
from tests.unit.recommend.deciding import live, said

__all__ = ["address", "clock", "stores"]
KNOWN = policies()
PEOPLE, ROUNDS = 5, 12
pytestmark = pytest.mark.timeout(300)


async def test_two_processes_log_each_opinion_once(
    stores: tuple[Database, Database], clock: ManualClock
) -> None:
    here, there = stores
    learner = Learner(here, KNOWN["egreedy-v1"], clock)
    people = [await add_person(here, clock, f"person-{number}") for number in range(PEOPLE)]
    shadows = InShadow([KNOWN["lints"], KNOWN["ebts"]], START)
    asked = [ShadowOpinions(store, clock, shadows) for store in (here, there)]
    lived = asyncio.gather(*(live(here, clock, learner, user, ROUNDS) for user in people))
    while not lived.done():
        await asyncio.gather(*(one.ask() for one in asked))
    tips = {tip for mine in lived.result() for tip in mine}
    await asyncio.gather(*(ask_all(one) for one in asked))
    for policy in ("lints", "ebts"):
        rows = await said(here, policy)
        assert set(rows) == tips
    drawn = await check_decisions(here, Finder().find)
    assert (drawn.opinions, drawn.different) == (2 * len(tips), [])
    assert (await check_models(here, find_by_key)).different == []


async def test_nothing_is_said_of_who_has_gone(
    stores: tuple[Database, Database], clock: ManualClock
) -> None:
    here, there = stores
    user = await add_person(here, clock)
    await live(here, clock, Learner(here, KNOWN["egreedy-v1"], clock), user, 3)
    asked = ShadowOpinions(there, clock, InShadow([KNOWN["lints"]], START))
    async with here.write() as connection:
        await users.lock_alone(connection, user)  # as whoever erases does
        u = tables.users
        await connection.execute(update(u).where(u.c.id == user).values(deleted_at=clock.now()))
        asking = asyncio.create_task(asked.ask())  # it reads the log before this ends
        await asyncio.sleep(0.3)
    await asking
    assert await said(here, "lints") == {}
