"""Integrations: connecting, reading on demand, failing calmly, finishing once, disconnecting."""

import asyncio
from datetime import date

import httpx2
import pytest
from sqlalchemy import select

from oo.domain.signals import Broken, Reconnect, Retry
from oo.integrations.grants import Grants
from oo.integrations.registry import build_sources
from oo.integrations.service import Integration, Integrations
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, NotFound
from oo.kit.settings import Settings
from oo.store import connections
from oo.store.database import Database
from oo.store.tables import users
from oo.vault.service import Vault
from tests.peers.store import add_person, tick_off
from tests.peers.todoist import TodoistPeer
from tests.peers.vault import KEYRING
from tests.unit.integrations.conftest import connect


async def integration(integrations: Integrations, user_id: str, name: str) -> Integration:
    return next(item for item in await integrations.list_for(user_id) if item.manifest.name == name)


async def titles(integrations: Integrations, user_id: str) -> list[str]:
    return [task.title for task in await integrations.open_tasks(user_id)]


async def done(integrations: Integrations, user_id: str, task_id: str) -> bool:
    """A task finished here, then at its source; whether there was something to finish."""
    await tick_off(integrations._db, integrations._clock, user_id, task_id)
    return await integrations.complete(user_id, task_id)


async def pool_version(db: Database, user_id: str) -> int:
    async with db.read() as connection:
        query = select(users.c.pool_version).where(users.c.id == user_id)
        return int((await connection.execute(query)).scalar_one())


async def test_connecting_reads_the_tasks_and_names_the_account(
    integrations: Integrations, peer: TodoistPeer, http: httpx2.AsyncClient, ada: str
) -> None:
    peer.page = 2
    for number in range(5):
        peer.add_task(f"task {number}", priority=4, labels=["home"])
    await connect(integrations, http, ada)
    found = await integrations.open_tasks(ada)
    assert [task.title for task in found] == [f"task {number}" for number in range(5)]
    assert found[0].priority == 4
    assert found[0].project == "Inbox"
    assert found[0].labels == ("home",)
    shown = await integration(integrations, ada, "todoist")
    assert (shown.status, shown.account) == ("connected", "ada@example.org")
    assert shown.counts == ("5 open tasks",)


async def test_the_grant_is_not_readable_in_the_store(
    db: Database, peer: TodoistPeer, connected: str
) -> None:
    async with db.read() as connection:
        row = await connections.get(connection, connected, "todoist")
    assert row is not None
    assert row.secret is not None
    for token in (*peer.access, *peer.refresh):
        assert token.encode() not in row.secret


async def test_a_state_of_another_person_or_too_old_is_refused(
    integrations: Integrations, clock: ManualClock, db: Database, peer: TodoistPeer, ada: str
) -> None:
    bob = await add_person(db, clock, "bob")
    start = integrations.start_connect(bob, "todoist")
    for user, state in ((ada, start.state), (ada, "forged"), (ada, "")):
        with pytest.raises(BadRequest):
            await integrations.finish_connect(user, "todoist", "code", state)
    clock.advance(601)
    with pytest.raises(BadRequest):
        await integrations.finish_connect(bob, "todoist", "code", start.state)
    assert peer.requests == []


async def test_tasks_are_read_at_most_every_thirty_seconds(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    peer.requests.clear()
    peer.add_task("new")
    assert await titles(integrations, connected) == []
    clock.advance(31)
    found = await asyncio.gather(*(titles(integrations, connected) for _ in range(5)))
    assert found == [["new"]] * 5
    assert peer.requests == ["GET /api/v1/projects", "GET /api/v1/tasks"]


async def test_a_change_moves_the_pool_version_and_no_change_does_not(
    integrations: Integrations, peer: TodoistPeer, db: Database, connected: str
) -> None:
    before = await pool_version(db, connected)
    task_id = peer.add_task("new")
    assert await integrations.sync(connected)
    assert not await integrations.sync(connected)
    assert await pool_version(db, connected) == before + 1
    peer.tasks[task_id]["checked"] = True
    assert await integrations.sync(connected)
    assert await titles(integrations, connected) == []


async def test_an_expired_token_is_refreshed_once_and_the_rotated_one_kept(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    for _ in range(3):
        clock.advance(3600)
        peer.requests.clear()
        await asyncio.gather(*(integrations.open_tasks(connected) for _ in range(4)))
        assert peer.requests.count("token") == 1
    assert (await integration(integrations, connected, "todoist")).status == "connected"


async def test_a_token_refused_early_is_refreshed_on_401(
    integrations: Integrations, peer: TodoistPeer, connected: str
) -> None:
    peer.add_task("after")
    peer.access.clear()
    assert await integrations.sync(connected)
    assert await titles(integrations, connected) == ["after"]


async def test_a_replayed_refresh_never_erases_the_refresh_token(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    # another process used the token a moment ago: this answer carries no refresh token
    (token,) = peer.refresh
    clock.advance(3590)
    peer.refresh[token] = clock.now()
    await integrations.sync(connected)
    peer.refresh[token] = None
    clock.advance(3600)
    await integrations.sync(connected)
    assert (await integration(integrations, connected, "todoist")).status == "connected"


async def test_a_refused_refresh_asks_to_reconnect_and_keeps_the_tasks(
    integrations: Integrations, peer: TodoistPeer, http: httpx2.AsyncClient, ada: str
) -> None:
    peer.add_task("kept")
    await connect(integrations, http, ada)
    peer.access.clear()
    peer.refresh.clear()
    with pytest.raises(Reconnect):
        await integrations.sync(ada)
    shown = await integration(integrations, ada, "todoist")
    assert shown.status == "reconnect"
    assert shown.error is not None
    assert await titles(integrations, ada) == ["kept"]
    peer.requests.clear()
    await titles(integrations, ada)
    assert peer.requests == []
    await connect(integrations, http, ada)
    assert (await integration(integrations, ada, "todoist")).status == "connected"


async def test_a_short_outage_is_bridged_by_retrying(
    integrations: Integrations, peer: TodoistPeer, connected: str
) -> None:
    peer.add_task("new")
    peer.fail_next.extend([500, 503])
    assert await integrations.sync(connected)


async def test_an_outage_leaves_the_stored_tasks(
    integrations: Integrations,
    peer: TodoistPeer,
    clock: ManualClock,
    http: httpx2.AsyncClient,
    ada: str,
) -> None:
    peer.add_task("kept")
    await connect(integrations, http, ada)
    clock.advance(31)
    peer.fail_next.extend([500] * 3)
    assert await titles(integrations, ada) == ["kept"]
    assert (await integration(integrations, ada, "todoist")).status == "connected"
    peer.requests.clear()
    with pytest.raises(Retry):  # it has just failed, so it is left alone
        await integrations.sync(ada)
    assert peer.requests == []
    clock.advance(31)
    await integrations.sync(ada)


async def test_a_rate_limit_is_obeyed_for_as_long_as_it_says(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    peer.limit_per_window = len(peer.window)
    clock.advance(31)
    await integrations.open_tasks(connected)
    peer.requests.clear()
    clock.advance(600)
    await integrations.open_tasks(connected)
    assert peer.requests == []
    clock.advance(300)
    peer.add_task("after the wait")
    assert await titles(integrations, connected) == ["after the wait"]


@pytest.mark.parametrize("status", [410, 404, 302, 418])
async def test_an_interface_that_changed_is_broken(
    integrations: Integrations, peer: TodoistPeer, connected: str, status: int
) -> None:
    peer.fail_next.append(status)
    with pytest.raises(Broken):
        await integrations.sync(connected)


async def test_done_closes_the_task_and_a_repeat_changes_nothing(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    task_id = peer.add_task("write")
    await integrations.sync(connected)
    for _ in range(2):
        assert await done(integrations, connected, f"todoist:{task_id}")
    assert peer.closed == [task_id]
    assert await titles(integrations, connected) == []
    assert not await done(integrations, connected, "todoist:unknown")
    assert not await done(integrations, connected, "file:unknown")


async def test_what_is_open_again_is_not_finished_at_its_source(
    integrations: Integrations, peer: TodoistPeer, connected: str
) -> None:
    task_id = peer.add_task("write")
    await integrations.sync(connected)
    assert not await integrations.complete(connected, f"todoist:{task_id}")
    assert peer.closed == []


async def test_done_on_a_recurring_task_advances_it_once(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    due = {"date": "2026-11-21", "string": "every day", "lang": "en", "is_recurring": True}
    task_id = peer.add_task("stretch", due=due)
    await integrations.sync(connected)
    for _ in range(2):  # the answer to the first call was lost
        assert await done(integrations, connected, f"todoist:{task_id}")
    clock.advance(31)
    (task,) = await integrations.open_tasks(connected)
    assert task.recurring
    assert task.due == date(2026, 11, 22)


async def test_a_repeat_after_the_next_turn_was_read_leaves_that_turn_open(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    due = {"date": "2026-11-21", "string": "every day", "lang": "en", "is_recurring": True}
    task_id = peer.add_task("stretch", due=due)
    await integrations.sync(connected)
    await done(integrations, connected, f"todoist:{task_id}")
    for _ in range(2):  # cut off before the outbox knew
        clock.advance(31)
        (task,) = await integrations.open_tasks(connected)
        assert task.due == date(2026, 11, 22)
        turn = date(2026, 11, 21)
        assert not await integrations.complete(connected, f"todoist:{task_id}", due=turn)
    assert await done(integrations, connected, task.id)
    assert peer.tasks[task_id]["due"]["date"] == "2026-11-23"


async def test_done_during_an_outage_hides_the_task_and_can_be_repeated(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    task_id = peer.add_task("write")
    await integrations.sync(connected)
    peer.fail_next.extend([500] * 3)
    with pytest.raises(Retry):
        await done(integrations, connected, f"todoist:{task_id}")
    peer.requests.clear()
    with pytest.raises(Retry):
        await integrations.complete(connected, f"todoist:{task_id}")
    assert peer.requests == []  # too early to ask again
    clock.advance(31)
    assert await titles(integrations, connected) == []
    await integrations.complete(connected, f"todoist:{task_id}")
    assert peer.closed == [task_id]


async def test_a_task_reopened_at_the_source_comes_back(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    task_id = peer.add_task("write")
    await integrations.sync(connected)
    await done(integrations, connected, f"todoist:{task_id}")
    peer.tasks[task_id]["checked"] = False
    clock.advance(16 * 60)
    assert await titles(integrations, connected) == ["write"]


async def test_people_see_their_own_tasks_only(
    integrations: Integrations, clock: ManualClock, db: Database, ada: str
) -> None:
    bob = await add_person(db, clock, "bob")
    await integrations.import_file(ada, "list.txt", b"ada's secret")
    await integrations.import_file(bob, "list.txt", b"bob's secret")
    assert await titles(integrations, ada) == ["ada's secret"]
    (task,) = await integrations.open_tasks(bob)
    assert not await done(integrations, ada, task.id)
    assert await titles(integrations, bob) == ["bob's secret"]


async def test_importing_again_updates_and_ticks_off(integrations: Integrations, ada: str) -> None:
    first = await integrations.import_file(ada, "list.txt", b"- write\n- call Bob\n")
    assert (first.taken, first.unchanged) == (2, 0)
    second = await integrations.import_file(ada, "other name.txt", b"* write\n- [x] call Bob\nrun")
    assert (second.taken, second.unchanged, second.finished) == (1, 1, 1)
    assert sorted(await titles(integrations, ada)) == ["run", "write"]


async def test_a_source_that_is_not_there_is_not_found(
    integrations: Integrations, ada: str
) -> None:
    with pytest.raises(NotFound):
        integrations.start_connect(ada, "nothing")
    with pytest.raises(NotFound):
        await integrations.disconnect(ada, "nothing")


async def test_two_processes_that_refresh_at_once_lose_no_refresh_token(
    integrations: Integrations,
    peer: TodoistPeer,
    clock: ManualClock,
    db: Database,
    settings: Settings,
    http: httpx2.AsyncClient,
    connected: str,
) -> None:
    sources = build_sources(settings, http, clock)
    other = Integrations(db, Vault(KEYRING, clock), KEYRING, sources, clock, settings.base_url)
    for _ in range(3):
        clock.advance(3600)
        peer.requests.clear()
        await asyncio.gather(integrations.sync(connected), other.sync(connected))
        assert peer.requests.count("token") == 2
    clock.advance(3600)
    await integrations.sync(connected)
    assert (await integration(integrations, connected, "todoist")).status == "connected"


async def test_a_request_given_up_while_refreshing_loses_no_token(
    integrations: Integrations, peer: TodoistPeer, clock: ManualClock, connected: str
) -> None:
    clock.advance(3600)
    peer.hold_tokens = asyncio.Event()
    reading = asyncio.ensure_future(integrations.open_tasks(connected))
    for _ in range(100_000):
        if peer.requests.count("token") == 2:  # the first was for connecting
            break
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    peer.hold_tokens.set()
    clock.advance(3600)
    await integrations.sync(connected)
    assert (await integration(integrations, connected, "todoist")).status == "connected"


async def test_calls_at_once_share_one_refresh(
    peer: TodoistPeer,
    clock: ManualClock,
    db: Database,
    settings: Settings,
    http: httpx2.AsyncClient,
    connected: str,
) -> None:
    grants = Grants(db, Vault(KEYRING, clock), clock)
    source = build_sources(settings, http, clock)["todoist"].source.connects
    assert source is not None
    clock.advance(3600)
    peer.requests.clear()
    accesses = [grants.access(connected, "todoist", source) for _ in range(5)]
    tokens = await asyncio.gather(*(access.token() for access in accesses))
    assert len(set(tokens)) == 1
    assert peer.requests == ["token"]


async def test_titles_are_one_plain_line(
    integrations: Integrations, peer: TodoistPeer, connected: str
) -> None:
    peer.add_task("[read](https://evil.example) \x00 this\n\u202enow " + "x" * 600)
    await integrations.sync(connected)
    (title,) = await titles(integrations, connected)
    assert title.startswith("read this now xxx")
    assert len(title) <= 500
