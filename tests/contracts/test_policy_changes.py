"""Changes of policies made at the same time, on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.promotion.gate_report import Report
from oo.domain.policies import PolicyRef
from oo.kit.errors import Conflict
from oo.mlops import roles
from oo.mlops.promotion import prepare
from oo.mlops.roles import Order
from oo.store import policies
from oo.store.database import Database
from oo.store.policies import IN_FORCE, SHADOW
from tests.peers import both_stores
from tests.peers.tables import Tables, begin_anew

postgres_url, address = both_stores.postgres_url, both_stores.address
AT = datetime(2024, 11, 1, 9, 0, tzinfo=UTC)
ADA, BOB = Order("ada", "a test", AT), Order("bob", "another", AT)
PASSED = Report("a", "b", 0.1, 600, ())
A_MOMENT_S = 0.3
WITHIN_S = 60


@pytest.fixture
async def stores(address: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' ways to an empty store."""
    await begin_anew(address, Tables.MIGRATED)
    first, second = Database(address), Database(address)
    yield first, second
    await first.close()
    await second.close()


async def put_in_force(connection: AsyncConnection, name: str) -> None:
    await policies.record(connection, ADA.change(PolicyRef(name, "1"), IN_FORCE))


async def promote(db: Database, name: str) -> None:
    async with db.write() as connection:
        await put_in_force(connection, name)


async def still_waits(task: "asyncio.Task[Any]") -> bool:
    """Whether `task` lets the transaction that is open end first."""
    done, _ = await asyncio.wait({task}, timeout=A_MOMENT_S)
    return not done


async def latest_and_roles(db: Database) -> tuple[int, policies.Roles]:
    async with db.read() as connection:
        # in one statement: between two the other change may become visible
        found = await policies.roles(connection)
    return found.latest, found._replace(latest=0)


async def test_numbers_grow_in_the_order_in_which_changes_become_visible(
    stores: tuple[Database, Database],
) -> None:
    first, second = stores
    seen = [await latest_and_roles(first)]
    async with first.write() as connection:
        await put_in_force(connection, "lints")
        other = asyncio.create_task(roles.shadow(second, "linucb-v1", BOB))
        assert await still_waits(other)
        seen.append(await latest_and_roles(second))
    seen.append(await latest_and_roles(second))
    await asyncio.wait_for(other, WITHIN_S)
    seen.append(await latest_and_roles(first))
    # whoever compares numbers follows every change of roles
    for (number, before), (next_number, after) in pairwise(seen):
        assert (number == next_number) == (before == after)
    assert seen[-1][1].in_force == PolicyRef("lints", "1")
    assert seen[-1][1].shadows == (PolicyRef("linucb-v1", "1"),)


async def test_of_two_promotions_after_the_same_look_one_is_a_conflict(
    stores: tuple[Database, Database],
) -> None:
    first, second = stores
    contests = [
        await prepare(db, name, AT) for db, name in zip(stores, ("lints", "ebts"), strict=True)
    ]
    found = await asyncio.wait_for(
        asyncio.gather(
            roles.decide(first, contests[0], PASSED, ADA),
            roles.decide(second, contests[1], PASSED, BOB),
            return_exceptions=True,
        ),
        WITHIN_S,
    )
    assert sorted(type(one) for one in found if one is not None) == [Conflict]


async def test_a_promotion_sees_what_was_still_under_way(
    stores: tuple[Database, Database],
) -> None:
    first, second = stores
    contest = await prepare(second, "ebts", AT)
    async with first.write() as connection:
        await put_in_force(connection, "lints")
        late = asyncio.create_task(roles.decide(second, contest, PASSED, BOB))
        assert await still_waits(late)
    with pytest.raises(Conflict, match="meanwhile"):
        await asyncio.wait_for(late, WITHIN_S)
    assert (await latest_and_roles(first))[1].in_force == PolicyRef("lints", "1")


async def test_a_demotion_takes_out_what_is_in_force_when_its_turn_comes(
    stores: tuple[Database, Database],
) -> None:
    first, second = stores
    await promote(first, "ebts")
    async with first.write() as connection:
        await put_in_force(connection, "lints")
        other = asyncio.create_task(roles.demote(second, BOB))
        assert await still_waits(other)
    demoted = await asyncio.wait_for(other, WITHIN_S)
    assert demoted == (PolicyRef("lints", "1"), PolicyRef("ebts", "1"))


async def test_what_was_just_promoted_becomes_no_shadow(
    stores: tuple[Database, Database],
) -> None:
    first, second = stores
    await promote(first, "lints")
    async with first.write() as connection:
        await put_in_force(connection, "ebts")
        other = asyncio.create_task(roles.shadow(second, "ebts", BOB))
        assert await still_waits(other)
    with pytest.raises(Conflict, match="is in force"):
        await asyncio.wait_for(other, WITHIN_S)


async def test_a_shadow_is_turned_off_once(stores: tuple[Database, Database]) -> None:
    first, second = stores
    await roles.shadow(first, "lints", ADA)
    found = await asyncio.wait_for(
        asyncio.gather(
            roles.off(first, "lints", ADA),
            roles.off(second, "lints", BOB),
            return_exceptions=True,
        ),
        WITHIN_S,
    )
    assert PolicyRef("lints", "1") in found
    assert len([one for one in found if isinstance(one, Exception)]) == 1
    async with first.read() as connection:
        assert [one.role for one in await policies.history(connection)] == [SHADOW, "off"]
