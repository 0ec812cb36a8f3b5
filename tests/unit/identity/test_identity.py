"""People, sessions and the one-time local link."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from oo.identity.accounts import Accounts
from oo.identity.local import create_login_link, use_login_link
from oo.identity.people import Profile, ensure_user
from oo.identity.sessions import Sessions, csrf_token, hash_token, start_session
from oo.kit.clock import ManualClock
from oo.kit.errors import Forbidden, Gone, NotFound, Unauthorized
from oo.kit.settings import Settings
from oo.store.database import Database
from oo.store.tables import login_links, sessions, users
from tests.peers.store import add_person

ADA = Profile("https://accounts.google.com", "1", "ada@example.org", "Ada")


async def enter(db: Database, clock: ManualClock, user_id: str, agent: str = "") -> str:
    async with db.write() as connection:
        return await start_session(connection, user_id, clock, 30, agent)


async def test_the_same_subject_is_the_same_person_and_follows_its_name(
    db: Database, clock: ManualClock
) -> None:
    async with db.write() as connection:
        first = await ensure_user(connection, ADA, clock)
        again = await ensure_user(connection, ADA._replace(name="Ada L.", email=""), clock)
        other = await ensure_user(
            connection, ADA._replace(issuer="https://appleid.apple.com"), clock
        )
        row = (await connection.execute(select(users).where(users.c.id == first))).one()
    assert first == again != other
    assert (row.name, row.email) == ("Ada L.", "ada@example.org")


async def test_a_deleted_account_has_no_access(db: Database, clock: ManualClock) -> None:
    async with db.write() as connection:
        user_id = await ensure_user(connection, ADA, clock)
    cookie = await enter(db, clock, user_id)
    async with db.write() as connection:
        await connection.execute(
            update(users).where(users.c.id == user_id).values(deleted_at=clock.now())
        )
    with pytest.raises(Unauthorized):
        await Accounts(db, clock).of(cookie)
    async with db.write() as connection:
        with pytest.raises(Forbidden):
            await ensure_user(connection, ADA, clock)


async def test_those_who_ask_at_the_same_time_each_get_their_own_session(
    db: Database, clock: ManualClock
) -> None:
    people = [await add_person(db, clock, name) for name in ("zoe", "ada", "bob")]
    cookies = [await enter(db, clock, user_id) for user_id in people]
    idle = await enter(db, clock, people[0])
    async with db.write() as connection:
        await connection.execute(
            update(sessions)
            .where(sessions.c.token_hash == hash_token(idle))
            .values(seen_at=clock.now() - timedelta(days=365))
        )
    accounts = Accounts(db, clock)
    asked = [*cookies, idle, "unknown", *reversed(cookies), ""]
    found = await asyncio.gather(*map(accounts.of, asked), return_exceptions=True)
    who = [None if isinstance(it, BaseException) else it.user_id for it in found]
    assert who == [*people, None, None, *reversed(people), None]
    assert all(isinstance(it, Unauthorized) for it in found if isinstance(it, BaseException))


async def test_the_store_holds_only_a_hash_of_the_cookie(db: Database, clock: ManualClock) -> None:
    cookie = await enter(db, clock, await add_person(db, clock))
    async with db.read() as connection:
        row = (await connection.execute(select(sessions))).one()
    assert row.token_hash == hash_token(cookie)
    assert cookie not in str(row)
    assert csrf_token(cookie) not in (cookie, row.token_hash)
    assert len(cookie) >= 43  # 256 bits


async def test_a_session_ends_by_itself(db: Database, clock: ManualClock) -> None:
    cookie = await enter(db, clock, await add_person(db, clock))
    accounts = Accounts(db, clock)
    assert (await accounts.of(cookie)).email == "ada@example.org"
    clock.advance(30 * 24 * 3600)
    for refused in (cookie, "another", "", None):
        with pytest.raises(Unauthorized):
            await accounts.of(refused)


async def test_people_list_and_end_their_own_sessions_only(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    phone, laptop = await enter(db, clock, ada, "phone"), await enter(db, clock, ada, "laptop")
    await enter(db, clock, bob)
    own, accounts = Sessions(db, clock), Accounts(db, clock)
    listed = {it.user_agent: it for it in await own.list_for(ada, phone)}
    assert listed["phone"].is_current
    assert not listed["laptop"].is_current
    with pytest.raises(NotFound):
        await own.end(bob, listed["laptop"].id)
    await accounts.of(laptop)
    await own.end(ada, listed["laptop"].id)
    with pytest.raises(Unauthorized):
        await accounts.of(laptop)
    await own.sign_out(ada, phone)
    with pytest.raises(Unauthorized):
        await accounts.of(phone)
    assert len(await own.list_for(bob, "")) == 1


async def test_a_login_link_works_once_and_soon(db: Database, clock: ManualClock) -> None:
    settings = Settings()
    token = (await create_login_link(db, settings, clock)).rpartition("/")[2]
    cookie = await use_login_link(db, settings, clock, token)
    assert (await Accounts(db, clock).of(cookie)).name == "You"
    for used in (token, "guess"):
        with pytest.raises(Gone):
            await use_login_link(db, settings, clock, used)
    late = (await create_login_link(db, settings, clock)).rpartition("/")[2]
    clock.advance(15 * 60)
    with pytest.raises(Gone):
        await use_login_link(db, settings, clock, late)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(profile="prod"),
        Settings(profile="test"),
        Settings(host="0.0.0.0"),
        Settings(host="192.168.1.5"),
        Settings(host="oo.example"),
        Settings(host="::"),
        Settings(profile="prod", host="0.0.0.0"),
    ],
)
async def test_no_login_link_outside_dev_on_loopback(
    db: Database, clock: ManualClock, settings: Settings
) -> None:
    with pytest.raises(Forbidden):
        await create_login_link(db, settings, clock)
    async with db.read() as connection:
        assert (await connection.execute(select(login_links))).all() == []
    # nor does one that was made before open anything
    token = (await create_login_link(db, Settings(), clock)).rpartition("/")[2]
    with pytest.raises(Forbidden):
        await use_login_link(db, settings, clock, token)
    async with db.read() as connection:
        assert (await connection.execute(select(sessions))).all() == []
