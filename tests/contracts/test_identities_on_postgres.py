"""Two processes sign people in at once, on one real PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import func, select

from oo.identity.failures import Cause, SignInFailed
from oo.identity.identities import Identities, LastIdentity, spend_attempt
from oo.identity.openid import SignedIn
from oo.identity.people import Profile, ensure_user
from oo.kit.clock import SystemClock
from oo.store import identities
from oo.store.database import Database
from oo.store.identities import IdentityRow
from oo.store.tables import users
from tests.contracts.two_stores import address, stores
from tests.peers.postgres import BIN

pytestmark = pytest.mark.skipif(BIN is None, reason="needs Debian's postgresql")
__all__ = ["address", "stores"]

CLOCK = SystemClock()
TIMES = 10


def profile(number: int) -> Profile:
    return Profile("https://login.test", f"p{number}", f"p{number}@example.org", "Ada")


async def enter(db: Database, signed_in: SignedIn) -> str:
    async with db.write() as connection:
        await spend_attempt(connection, signed_in, CLOCK)
        return await ensure_user(connection, signed_in.profile, CLOCK)


async def add(db: Database, user_id: str, subject: str) -> None:
    now = CLOCK.now()
    row = IdentityRow("https://more.test", subject, user_id, "", False, None, now, now)
    async with db.write() as connection:
        assert await identities.add(connection, row)


async def test_at_once_is_as_one_after_the_other(stores: tuple[Database, Database]) -> None:
    for number in range(TIMES):
        # two first sign-ins of one person
        attempts = [
            SignedIn(profile(number), "/", f"{number}-{tab}", "", "login", "Login", CLOCK.now())
            for tab in range(2)
        ]
        found = await asyncio.gather(*map(enter, stores, attempts))
        assert len({*found}) == 1
        # one answer, handed in twice
        twice = SignedIn(profile(number), "/", f"{number}", "", "login", "Login", CLOCK.now())
        results = await asyncio.gather(
            *(enter(store, twice) for store in stores), return_exceptions=True
        )
        (refused,) = [one for one in results if isinstance(one, SignInFailed)]
        assert refused.cause is Cause.SPENT_ATTEMPT
        # each tab removes the other way in
        await add(stores[0], found[0], str(number))
        own = [Identities(store, CLOCK) for store in stores]
        first, second = await own[0].list_for(found[0])
        ended = await asyncio.gather(
            own[0].unlink(found[0], first.id),
            own[1].unlink(found[0], second.id),
            return_exceptions=True,
        )
        assert sorted(map(type, ended), key=str) == sorted([type(None), LastIdentity], key=str)
        assert len(await own[0].list_for(found[0])) == 1
    async with stores[0].read() as connection:
        counted = await connection.execute(select(func.count()).select_from(users))
        assert counted.scalar_one() == TIMES
