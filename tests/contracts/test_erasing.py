"""Erasing a person, on SQLite and on a real PostgreSQL; `test_erasing_races.py` has the races."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import insert, text

from ml.policies import policies
from oo.domain.consents import POOLING
from oo.domain.rewards import Action
from oo.identity.sessions import start_session
from oo.integrations.service import Integrations
from oo.jobs.erasing import WITHIN, erase_again, erase_people
from oo.jobs.periodic import revoke_grants
from oo.kit.clock import ManualClock
from oo.kit.errors import ConfigurationError
from oo.recommend.learner import Learner
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import (
    audit,
    batches,
    data_keys,
    erasures,
    identities,
    kept_profiles,
    passkeys,
    pooled_log,
    users,
)
from oo.store.batches import Turn
from oo.store.database import Database
from oo.store.erasure_log import Erased, ErasureLog
from oo.store.identities import IdentityRow
from oo.store.kept_profiles import Profile
from oo.store.passkeys import PasskeyRow
from oo.store.tables import users as users_table
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
from tests.peers.store import add_person, say
from tests.peers.todoist import TodoistPeer
from tests.unit.integrations.conftest import connect
from tests.unit.recommend.conftest import put_pool, serve_tip

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
pytestmark = pytest.mark.timeout(600)


def test_every_table_of_people_refers_to_the_person() -> None:
    """That is what lets the store refuse what comes after the end."""
    for table in erasures.personal_tables():
        assert {key.column.table.name for key in table.c.user_id.foreign_keys} == {"users"}, table


async def test_access_and_pooling_end_at_once_and_the_grant_is_revoked(
    db: Database,
    clock: ManualClock,
    log: ErasureLog,
    integrations: Integrations,
    http: httpx2.AsyncClient,
    peer: TodoistPeer,
) -> None:
    ada = await add_person(db, clock)
    await connect(integrations, http, ada)
    (candidate_, *_) = await put_pool(db, clock, ada)
    tip = await serve_tip(db, clock, ada, candidate_)
    await Reactions(db, clock).accept(ReactionRequest(ada, tip, Action.DONE, 900, "1"))
    async with db.write() as connection:
        await start_session(connection, ada, clock, 1)
        await say(connection, ada, POOLING, clock.now())
        assert (await pooled_log.pooled(connection)).keys() == {ada}
    receipt = await ask(db, clock, ada)
    assert await ask(db, clock, ada) == receipt
    assert "sessions" not in await rows_of(db, ada)
    async with db.read() as connection:
        assert await pooled_log.pooled(connection) == {}
        assert await users.get(connection, ada) is None
    # what the job does before the grant is revoked; the key is kept for that alone
    peer.fail_next.extend([503] * 9)
    await revoke_grants.run(db, clock, integrations)
    assert await erase_people(db, clock, log) > 5
    assert await rows_of(db, ada) == {"outbox": 1, "data_keys": 1, "users": 1}
    peer.fail_next.clear()
    clock.advance(3600)
    assert peer.access
    await revoke_grants.run(db, clock, integrations)
    assert peer.access == {}
    assert await erase_people(db, clock, log) == 2
    assert await rows_of(db, ada) == {}
    async with db.read() as connection:
        done = await erasures.receipt(connection, receipt.id)
        assert done is not None
        assert done.finished_at == clock.now()
        assert {"tasks", "feedback", "data_keys", "users"} <= done.counts.keys()
        told = [link.entry.action for link in await audit.newest(connection, 9)]
    assert told == ["person.erased", "person.erase"]
    assert ada not in repr(done)


async def test_a_provider_that_never_answers_holds_up_nobody(
    db: Database,
    clock: ManualClock,
    log: ErasureLog,
    integrations: Integrations,
    http: httpx2.AsyncClient,
) -> None:
    ada = await add_person(db, clock)
    await connect(integrations, http, ada)
    await ask(db, clock, ada)
    await erase_people(db, clock, log)
    clock.advance((WITHIN - timedelta(minutes=1)).total_seconds())
    assert await erase_people(db, clock, log) == 0
    clock.advance(60)
    await erase_people(db, clock, log)
    assert await rows_of(db, ada) == {}


async def test_who_was_erased_meanwhile_holds_up_nobody_else(
    db: Database, clock: ManualClock, log: ErasureLog
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    learner, profiles = Learner(db, policies()["lints"], clock), Profiles(db, clock)
    for person in (ada, bob):
        tip = await serve_tip(db, clock, person)
        await Reactions(db, clock).accept(ReactionRequest(person, tip, Action.DONE, 900, person))
    await learner.catch_up({ada: 1, bob: 1})
    await ask(db, clock, ada)
    await erase_people(db, clock, log)
    assert await learner.flush() == 2
    async with db.write() as connection:
        turns = [Turn(person, clock.now()) for person in (ada, bob)]
        await batches.begin(connection, "batch", turns, clock.now())
        await kept_profiles.save(connection, Profile(ada, 1, {}, clock.now()), 0)
    await profiles.rebuild(bob)
    assert await rows_of(db, ada) == {}
    found = await rows_of(db, bob)
    assert {"user_models", "fill_batch_people", "profiles"} <= found.keys()


async def test_it_goes_on_where_it_was_cut_off(
    db: Database, clock: ManualClock, log: ErasureLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await add_person(db, clock)
    await put_pool(db, clock, ada, 9)
    monkeypatch.setattr(erasures, "PURGE_ROWS", 2)
    receipt = await ask(db, clock, ada)
    async with db.write() as connection:
        assert await erasures.erase_some(connection, ada) == 2
    async with db.read() as connection:
        half = await erasures.receipt(connection, receipt.id)
        assert half is not None
        assert (half.counts, half.finished_at) == ({"tasks": 2}, None)
    assert await erase_people(db, clock, log) == 18  # with the data key that the words had
    async with db.read() as connection:
        done = await erasures.receipt(connection, receipt.id)
        assert done is not None
        assert done.counts == {"candidates": 9, "tasks": 9, "users": 1, "data_keys": 1}
    assert await erase_people(db, clock, log) == 0


async def test_who_was_erased_before_a_backup_was_restored_is_erased_again(
    db: Database, clock: ManualClock, log: ErasureLog
) -> None:
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    await put_pool(db, clock, ada)
    receipt = await ask(db, clock, ada)
    await erase_people(db, clock, log)
    async with db.write() as connection:  # as the backup had her
        again = await users.get(connection, bob)
        assert again is not None
        await users.add(connection, again._replace(id=ada))
    await put_pool(db, clock, ada)
    assert await erase_again(db, clock, log, "operator:test") == 1
    assert await rows_of(db, ada) == {}
    assert (await rows_of(db, bob)).keys() == {"users"}
    async with db.read() as connection:
        assert await data_keys.every(connection) == []
        found = await erasures.receipt(connection, receipt.id)
        assert found is not None
        assert found.finished_at is not None


def test_the_list_of_erasures_survives_a_cut(tmp_path: Path) -> None:
    log = ErasureLog(tmp_path)
    log.touch()
    assert log.read() == {}
    at = datetime(2026, 11, 21, tzinfo=UTC)
    one, two, three = (erasures.hashed(name) for name in "abc")
    log.add(erased := Erased(one, at, "1"))
    assert log.path.stat().st_mode & 0o777 == 0o600
    log.add(erased)
    log.add(erased._replace(person=two))
    log.path.write_bytes(log.path.read_bytes()[:-9])
    assert log.read().keys() == {one}
    log.add(erased._replace(person=three))
    log.add(erased._replace(person=two))
    assert log.read().keys() == {one, two, three}
    log.path.write_bytes(log.path.read_bytes().replace(b'"at"', b'"xx"', 1))
    with pytest.raises(ConfigurationError, match="damaged"):
        log.read()


async def test_the_receipt_counts_what_let_them_in(
    db: Database, clock: ManualClock, log: ErasureLog
) -> None:
    ada, now = await add_person(db, clock, "ada"), clock.now()
    async with db.write() as connection:
        for _ in range(3):
            await start_session(connection, ada, clock, 1)
        for issuer in ("https://one.test", "https://two.test"):
            row = IdentityRow(issuer, ada, ada, "", False, None, now, now)
            assert await identities.add(connection, row)
        key = PasskeyRow("1" * 32, ada, b"id", b"key", 0, "Phone", now, None)
        await passkeys.add(connection, key)
    receipt = await ask(db, clock, ada)
    let_in = {"sessions": 3, "identities": 2, "passkeys": 1}
    assert {name: receipt.counts[name] for name in let_in} == let_in
    assert await ask(db, clock, ada) == receipt  # nothing is counted twice
    await erase_people(db, clock, log)
    async with db.read() as connection:
        done = await erasures.receipt(connection, receipt.id)
    assert done is not None
    assert {name: done.counts[name] for name in let_in} == let_in


async def test_who_waits_is_found_without_a_look_at_everybody(
    db: Database, clock: ManualClock
) -> None:
    """A job asks every five seconds, among all people there are."""
    many = [
        {"id": f"{number:032x}", "email": "", "name": "", "created_at": clock.now()}
        for number in range(3000)
    ]
    async with db.write() as connection:
        await connection.execute(insert(users_table), many)
    await ask(db, clock, many[7]["id"])
    if not db.is_sqlite:
        async with db.write() as connection:
            await connection.execute(text("ANALYZE users"))
    async with db.read() as connection:
        assert await erasures.waiting(connection, 200) == [many[7]["id"]]
        asked = erasures.WAITING.limit(200).compile(
            connection.sync_connection, compile_kwargs={"literal_binds": True}
        )
        plan = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
        told = " ".join(str(row) for row in await connection.execute(text(f"{plan} {asked}")))
    assert "ix_users_waiting" in told, told
    assert "SORT" not in told.upper().replace("USING", ""), told
