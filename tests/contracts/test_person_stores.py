"""The rows of people, sessions, keys, connections and tasks, on both stores."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import update

from oo.domain.claims import Claim, Fact
from oo.domain.consents import CLOUD_MODELS
from oo.domain.model_calls import ModelCall, Outcome, Place, Spent
from oo.domain.roles import Role
from oo.domain.signals import Signal, all_kinds
from oo.domain.signals.kinds.event import Event
from oo.domain.signals.kinds.measure import Measure
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.identity.accounts import Accounts
from oo.identity.local import create_login_link, use_login_link
from oo.identity.machines import Machines
from oo.identity.people import Profile
from oo.identity.roles import seed_admin
from oo.identity.sessions import Sessions, hash_token, start_session
from oo.kit.clock import ManualClock
from oo.kit.errors import Gone, Unauthorized
from oo.kit.ids import new_id
from oo.kit.settings import Settings
from oo.store import (
    candidates,
    connections,
    consents,
    kinds,
    last_imports,
    model_calls,
    passkeys,
    sessions,
    signals,
    tasks,
    users,
)
from oo.store.connections import ConnectionRow
from oo.store.database import Database
from oo.store.kinds import Key
from oo.store.last_imports import LastImport
from oo.store.passkeys import PasskeyRow
from oo.store.tables import metadata
from oo.store.tables import signals as signals_table
from oo.store.tables import tasks as tasks_table
from oo.vault.keyring import Keyring
from oo.vault.service import Vault
from tests.peers import both_stores
from tests.peers.store import add_person, say

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
postgres_url, address = both_stores.postgres_url, both_stores.address
db = both_stores.with_tables


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def task(number: int, **changes: object) -> Task:
    made = Task(
        id=f"todoist:{number:04d}",
        source="todoist",
        external_id=f"{number:04d}",
        title=f"task {number} “é” 🙂",
        due=date(2026, 11, 21),
        due_at=NOW,
        labels=("a", "b"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_tasks_come_back_as_they_went_in(db: Database, clock: ManualClock) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    found = [task(number) for number in range(450)]
    async with db.write() as connection:
        await tasks.put(connection, ada, found)
        await tasks.put(connection, bob, found[:1])
        assert await tasks.list_open(connection, ada) == found
        assert await tasks.mark_completed(connection, ada, [found[0].id, "other"], NOW) == 1
        assert await tasks.mark_completed(connection, ada, [found[0].id], NOW) == 0
        changed = task(1, title="new", due=None, due_at=None, recurring=True)
        await tasks.put(connection, ada, [changed])
        stored = await tasks.list_of_source(connection, ada, "todoist")
        assert stored[found[0].id].completed_at == NOW
        assert stored[changed.id].task == changed
        await tasks.remove(connection, ada, [item.id for item in found[2:]])
        assert await tasks.list_open(connection, ada) == [changed]
        await tasks.remove_source(connection, ada, "todoist")
        assert await tasks.list_open(connection, bob) == found[:1]


def meeting(number: int, hours: float) -> Event:
    start = NOW + timedelta(hours=hours)
    end = start + timedelta(minutes=30)
    return Event(f"c:{number}", "c", str(number), "Lunch “é” 🙂", starts_at=start, ends_at=end)


async def test_signals_of_any_kind_come_back_as_they_went_in(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    found: list[Signal] = [
        example
        for kind in all_kinds().values()
        for example in kind.examples
        if not isinstance(example, Task)
    ]
    found += [task(1), *(meeting(number, 0.1 * number) for number in range(150))]
    async with db.write() as connection:
        await kinds.put(connection, ada, found, NOW)
        await kinds.put(connection, ada, found[:1], NOW)
        await kinds.put(connection, bob, found[-1:], NOW)
        counts = await kinds.counts(connection, ada)
        assert (counts["c", "event"], counts["todoist", "task"]) == (150, 1)
        back = await kinds.list_of_source(connection, ada, "c")
        assert [row.signal for row in back.values()] == found[-150:]
        assert (await signals.list_of_source(connection, ada, "c"))[
            "event", "c:3"
        ].recorded_at == NOW
        await kinds.remove(connection, ada, list(back)[:149])
        assert list(await kinds.list_of_source(connection, ada, "c")) == list(back)[149:]
        await kinds.remove_source(connection, ada, "c")
        assert ("c", "event") not in await kinds.counts(connection, ada)
        assert list(await kinds.list_of_source(connection, bob, "c")) == list(back)[149:]


async def test_a_request_sees_the_signals_that_matter_now_and_the_job_purges_what_expired(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    soon, far, past = meeting(1, 1), meeting(2, 100), meeting(3, -2)
    steps = Measure("h:1", "h", "1", "steps", 9.0, date(2026, 11, 20))
    async with db.write() as connection:
        await kinds.put(connection, ada, [soon, far, past, steps], NOW)
        expired = meeting(4, -100)
        await kinds.put(connection, bob, [expired], NOW)
        found = await signals.current(connection, [ada, bob], NOW)
        assert found == {ada: {"event": [soon], "measure": [steps]}, bob: {}}
        assert await signals.purge(connection, NOW) == 0
        later = NOW + timedelta(days=1, hours=2)
        assert await signals.purge(connection, later) == 2
        assert {key.id for key in await kinds.list_of_source(connection, ada, "c")} == {"c:2"}


async def test_a_row_that_cannot_be_read_is_as_if_it_were_not_there(
    db: Database, clock: ManualClock
) -> None:
    ada = await add_person(db, clock, "ada")
    async with db.write() as connection:
        await kinds.put(connection, ada, [meeting(1, 1), meeting(2, 1)], NOW)
        row = signals_table.c.id == "c:1"
        await connection.execute(
            update(signals_table).where(row).values(body={"of": "old"}, sealed=None)
        )
        row = signals_table.c.id == "c:2"
        await connection.execute(update(signals_table).where(row).values(kind="forgotten"))
        assert await kinds.list_of_source(connection, ada, "c") == {}
        assert await signals.current(connection, [ada], NOW) == {ada: {}}


async def test_connections_are_replaced_and_erased(db: Database, clock: ManualClock) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    row = ConnectionRow("todoist", "ada@example.org", "connected", b"\x00\xff", NOW, None, None)
    async with db.write() as connection:
        await connections.put(connection, ada, row)
        await connections.put(connection, bob, row)
        await connections.set_synced(connection, ada, "todoist", NOW)
        later = NOW + timedelta(hours=1)
        await connections.set_failed(connection, ada, "todoist", "reconnect", "why", later)
        failed = await connections.get(connection, ada, "todoist")
        assert failed == row._replace(status="reconnect", error="why", synced_at=NOW)
        again = row._replace(account="new", secret=b"2")
        await connections.put(connection, ada, again)
        assert await connections.get(connection, ada, "todoist") == again
        await connections.set_synced(connection, ada, "todoist", NOW, "cursor")
        (listed,) = await connections.list_for(connection, ada)
        assert (listed.synced_at, listed.cursor) == (NOW, "cursor")
        await connections.remove(connection, ada, "todoist")
        assert await connections.list_for(connection, ada) == []
        assert await connections.get(connection, bob, "todoist") == row


async def test_a_source_that_fails_holds_up_nobody_elses_turn(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    row = ConnectionRow("todoist", "", "connected", b"x", NOW, None, None)
    async with db.write() as connection:
        for person in (ada, bob):
            await connections.put(connection, person, row)
        await connections.set_synced(connection, bob, "todoist", NOW)
        await connections.set_failed(connection, ada, "todoist", "connected", "why", NOW)
        soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
        await connections.set_failed(connection, ada, "todoist", "connected", "why", soon)
        assert await connections.due_for_sync(connection, NOW, 5) == []
        assert await connections.due_for_sync(connection, soon, 5) == [bob]
        assert await connections.due_for_sync(connection, later, 5) == [bob, ada]
        await connections.put(connection, ada, row._replace(account="new"))
        assert await connections.due_for_sync(connection, later, 5) == [bob, ada]


async def test_a_cookie_stands_for_a_live_session(db: Database, clock: ManualClock) -> None:
    people = [await add_person(db, clock, f"p{number}") for number in range(3)]
    async with db.write() as connection:
        cookies = [await start_session(connection, person, clock, 1) for person in people]
        old = await start_session(connection, people[0], clock, 0)
        await users.set_timezone(connection, people[1], "Europe/Zurich")
    clock.advance(1)
    accounts = Accounts(db, clock)
    found = [await accounts.of(cookie) for cookie in cookies]
    assert [session.user_id for session in found] == people
    for cookie in (old, "unknown", "", None):
        with pytest.raises(Unauthorized):
            await accounts.of(cookie)
    row = found[1]
    assert row.token_hash == hash_token(cookies[1])
    assert (row.timezone, row.pool_version) == ("Europe/Zurich", 1)
    assert row.expires_at == NOW + timedelta(days=1)
    async with db.write() as connection:
        assert await sessions.purge_expired(connection, NOW) == 1
    assert len(await Sessions(db, clock).list_for(people[0], "")) == 1


async def test_a_login_link_opens_once(db: Database, clock: ManualClock) -> None:
    token = (await create_login_link(db, Settings(), clock)).rpartition("/")[2]
    await use_login_link(db, Settings(), clock, token)
    with pytest.raises(Gone):
        await use_login_link(db, Settings(), clock, token)


async def test_the_vault_seals_and_rewraps(db: Database, clock: ManualClock) -> None:
    ada = await add_person(db, clock)
    async with db.write() as connection:
        sealed = await Vault(Keyring({"a": b"a" * 32}), clock).seal(connection, ada, "p", b"x")
    both = Vault(Keyring({"a": b"a" * 32, "b": b"b" * 32}), clock)
    assert await both.rewrap(db) == 1
    async with db.read() as connection:
        after = Vault(Keyring({"b": b"b" * 32}), clock)
        assert await after.open(connection, ada, "p", sealed) == b"x"


async def test_a_pool_is_kept_with_its_claims_and_due_for_a_look_after_a_change(
    db: Database, clock: ManualClock
) -> None:
    user = await add_person(db, clock)
    later = NOW + timedelta(hours=1)
    claims = (Claim(Fact.OPEN_COUNT, value=1), Claim(Fact.DUE_TODAY, "todoist:0001", None, later))
    tip = TipCandidate(
        new_id(clock), TipKind.TASK, "x", "llm", "m", "v", 0.5, "todoist:0001", NOW, later, claims
    )

    async def due(now: datetime) -> list[str]:
        async with db.read() as connection:
            return await candidates.people_to_fill(connection, now, NOW - timedelta(days=1), 9)

    async with db.write() as connection:
        hashed = hash_token("cookie")
        ends = NOW + timedelta(days=1)
        await sessions.add(
            connection, user, hashed,
            created_at=NOW, expires_at=ends, authenticated_at=NOW, user_agent="",
        )  # fmt: skip
        await tasks.put(connection, user, [task(1)])
        await candidates.add(connection, user, "key", [tip])
    async with db.read() as connection:
        head = (await users.heads(connection, [user]))[user]
        (entry,) = (await candidates.live(connection, [user], NOW))[user]
        listed = await tasks.lists(connection, [user, "nobody"])
    assert entry.candidate.claims == claims
    assert {row.id for row in listed[user]} == {"todoist:0001"}
    assert (head.pool_version, head.timezone, listed["nobody"]) == (1, "UTC", [])
    assert await due(NOW) == [user]
    async with db.write() as connection:
        await users.set_filled(connection, user, head.pool_version, later)
    assert (await due(NOW), await due(later)) == ([], [user])
    async with db.write() as connection:
        await users.bump_pool(connection, user)
    assert await due(NOW) == [user]


async def test_what_an_import_changed_is_put_back(db: Database, clock: ManualClock) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    keys = [Key("task", task(1).id), Key("event", meeting(1, 1).id), Key("task", "todoist:none")]
    end = NOW + timedelta(minutes=10)
    async with db.write() as connection:
        for person in (ada, bob):
            await kinds.put(connection, person, [task(1), meeting(1, 1)], NOW)
        await tasks.mark_completed(connection, ada, [task(1).id], NOW)
        before = await last_imports.rows(connection, ada, keys, lock=True)
        assert before[keys[2]] is None
        digests = {key: last_imports.digest(row) for key, row in before.items()}
        last = LastImport(NOW, end, before, digests, ("todoist:0001",), None)
        for _ in range(2):
            await last_imports.put_written(connection, ada, "todoist", last_imports.written(last))
        assert await last_imports.get(connection, ada, "todoist") == last
        assert await last_imports.undoable(connection, ada, NOW) == {"todoist": end}
        assert await last_imports.undoable(connection, ada, end) == {}
        assert await last_imports.get(connection, bob, "todoist") is None
        await kinds.remove_source(connection, ada, "todoist")
        await kinds.put(connection, ada, [meeting(1, 2)], NOW)
        await last_imports.restore(connection, ada, before)
        assert await last_imports.rows(connection, ada, keys) == before
        assert await tasks.list_open(connection, bob) == [task(1)]
        assert await last_imports.purge(connection, NOW) == 0
        assert await last_imports.purge(connection, end) == 1


async def test_the_rows_an_import_leaves_are_foreseen(db: Database, clock: ManualClock) -> None:
    ada = await add_person(db, clock, "ada")
    later, east = NOW + timedelta(hours=1), timezone(timedelta(hours=9))
    old = [task(number) for number in range(4)]
    new = [
        task(0, due=date(2026, 12, 1), labels=("é", "b"), recurring=True),
        task(1, due_at=datetime(2026, 12, 1, 9, 0, 0, 7, tzinfo=east), project="P"),
        task(8),
        meeting(1, 2),
    ]
    finished, removed = [old[2].id], [old[3].id]
    keys = {Key("event" if isinstance(it, Event) else "task", it.id) for it in [*old, *new]}
    async with db.write() as connection:
        await kinds.put(connection, ada, old, NOW)
        await connection.execute(tasks_table.update().values(not_before=NOW))
        await tasks.mark_completed(connection, ada, [old[1].id], NOW)
        before = await last_imports.rows(connection, ada, keys)
        foreseen = last_imports.foreseen(ada, before, new, finished, removed, later)
        await kinds.put(connection, ada, new, later)
        await tasks.remove(connection, ada, removed)
        await tasks.mark_completed(connection, ada, finished, later, by_source=True)
        assert await last_imports.rows(connection, ada, keys) == foreseen


def called(outcome: Outcome = Outcome.ANSWERED, **changes: object) -> ModelCall:
    made = ModelCall(
        "cloud", "openai/m", Place.CLOUD, "instruct-v1", "tips", outcome, 100, 20, 0.25, 0.3, 2, 1
    )
    return made._replace(**changes)


async def test_model_calls_are_summed_by_the_hour_and_kept_for_their_time(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    late = called(Outcome.LATE, prompt_tokens=0, completion_tokens=0, cost_usd=0.0, accepted=0)
    local = called(alias="own", model="oo-engine/m", place=Place.LOCAL, cost_usd=0.0)
    yesterday = NOW - timedelta(days=1)
    async with db.write() as connection:
        await model_calls.add(connection, ada, [], NOW)
        await model_calls.add(connection, ada, [called(), late, called(latency_s=70.0)], NOW)
        await model_calls.add(connection, ada, [called(), local], NOW + timedelta(minutes=9))
        await model_calls.add(connection, bob, [called()], NOW)
        await model_calls.add(connection, bob, [called()], yesterday)
        of_ada = await model_calls.of_person(connection, ada, yesterday)
        assert [(it.alias, it.outcome, it.calls) for it in of_ada] == [
            ("cloud", "answered", 3),
            ("cloud", "late", 1),
            ("own", "answered", 1),
        ]
        answered = of_ada[0]
        assert (answered.prompt_tokens, answered.completion_tokens) == (300, 60)
        assert (answered.accepted, answered.refused, answered.cost_usd) == (6, 3, 0.75)
        assert sum(answered.buckets) == 3
        assert (answered.buckets[3], answered.buckets[-1]) == (2, 1)
        assert await model_calls.spent(connection, ada, NOW) == Spent(120, 360, 1.0)
        assert await model_calls.spent(connection, bob, NOW) == Spent(0, 120, 1.0)
        assert await model_calls.usd_spent(connection, NOW) == 1.0
        everybody = await model_calls.of_everybody(connection, yesterday)
        assert sum(it.calls for it in everybody) == 7
        assert await model_calls.purge(connection, NOW - timedelta(hours=2)) == 1
        users_table = metadata.tables["users"]
        gone = update(users_table).where(users_table.c.id == ada).values(deleted_at=NOW)
        await connection.execute(gone)
        assert await model_calls.purge(connection, NOW - timedelta(hours=2)) == 3
        assert await model_calls.of_person(connection, ada, yesterday) == []
        assert len(await model_calls.of_person(connection, bob, yesterday)) == 1


async def test_consent_to_cloud_models_is_each_persons_own(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    async with db.write() as connection:
        await say(connection, ada, CLOUD_MODELS, NOW)
        assert await consents.is_given(connection, ada, CLOUD_MODELS)
        assert not await consents.is_given(connection, bob, CLOUD_MODELS)
        heads = await users.heads(connection, [ada, bob])
        assert (heads[ada].pool_version, heads[bob].pool_version) == (1, 0)
        await say(connection, ada, CLOUD_MODELS, NOW, given=False)
        assert not await consents.is_given(connection, ada, CLOUD_MODELS)


async def test_a_passkey_counts_up_and_a_challenge_is_answered_once(
    db: Database, clock: ManualClock
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    row = PasskeyRow(new_id(clock), ada, b"\0id", b"key", 0, "Phone", NOW, None)
    async with db.write() as connection:
        assert await passkeys.add(connection, row)
        assert not await passkeys.add(connection, row._replace(id=new_id(clock), user_id=bob))
        assert await passkeys.find(connection, b"\0id") == row
        counted = [
            await passkeys.note_use(connection, ada, row.id, count, NOW)
            for count in (0, 0, 5, 5, 4, 0, 6)
        ]
        assert counted == [True, True, True, False, False, False, True]
        for person, there in ((bob, False), (ada, True)):
            assert await passkeys.rename(connection, person, row.id, "Key") is there
        assert [it.name for it in await passkeys.list_for(connection, ada)] == ["Key"]
        for person, there in ((bob, False), (ada, True), (ada, False)):
            assert await passkeys.remove(connection, person, row.id) is there
    later = NOW + timedelta(minutes=5)
    async with db.write() as connection:
        for name, session in (("a" * 64, ""), ("b" * 64, "s"), ("c" * 64, "")):
            await passkeys.add_challenge(connection, name, session, NOW, later)
        answered = [
            await passkeys.use_challenge(connection, name, session, now)
            for name, session, now in (
                ("a" * 64, "", NOW),
                ("a" * 64, "", NOW),
                ("b" * 64, "", NOW),
                ("b" * 64, "s", NOW),
                ("c" * 64, "", later),
            )
        ]
        assert answered == [True, False, False, False, False]


async def test_the_first_admin_and_a_machine_are_who_they_are(
    db: Database, clock: ManualClock
) -> None:
    ada = await add_person(db, clock)
    named = Settings.model_validate(
        {"admin_seed_email": "ada@example.org", "admin_token": "t" * 32}
    )
    profile = Profile("test", "ada", "ada@example.org", "Ada", email_verified=True)
    async with db.write() as connection:
        cookie = await start_session(connection, ada, clock, 1)
        await seed_admin(connection, ada, profile, named, clock)
        assert await users.admins(connection) == [ada]
    with pytest.raises(Unauthorized):
        await Accounts(db, clock).of(cookie)  # it was a session of somebody with less
    machines = Machines(db, named, clock)
    made = await machines.issue("t" * 32, "nightly", Role.VIEWER)
    assert (await machines.of(made.token)).role == Role.VIEWER
    await machines.revoke("person:x", made.id)
    with pytest.raises(Unauthorized):
        await machines.of(made.token)
    assert [row.revoked_at for row in await machines.every()] == [NOW]


async def test_a_session_is_noted_to_be_in_use_and_others_end(
    db: Database, clock: ManualClock
) -> None:
    ada = await add_person(db, clock)
    async with db.write() as connection:
        here, there = [await start_session(connection, ada, clock, 30) for _ in range(2)]
    clock.advance(3600)
    accounts, own = Accounts(db, clock), Sessions(db, clock)
    await accounts.of(here)
    used = {it.is_current: it.seen_at for it in await own.list_for(ada, here)}
    assert used == {True: NOW + timedelta(hours=1), False: NOW}
    assert await own.end_others(ada, here) == 1
    with pytest.raises(Unauthorized):
        await accounts.of(there)
