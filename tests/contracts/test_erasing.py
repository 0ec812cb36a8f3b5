"""Erasing a person while everything else goes on, on SQLite and on a real PostgreSQL.

`OO_RACES=1000 pytest tests/contracts/test_erasing.py` runs that many races on each store.
"""

import asyncio
import os
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx2
import pytest
from sqlalchemy import func, select

from ml.composing.fallback import fallback
from ml.policies import policies
from oo.domain.consents import POOLING
from oo.domain.context import PromptContext
from oo.domain.model_calls import Terms
from oo.domain.rewards import Action
from oo.identity.sessions import start_session
from oo.integrations.registry import build_sources
from oo.integrations.service import Integrations
from oo.jobs.erasing import WITHIN, erase_again, erase_people
from oo.jobs.periodic import revoke_grants
from oo.kit.clock import ManualClock
from oo.kit.errors import ConfigurationError, Conflict, NotFound, Unauthorized
from oo.kit.settings import Settings
from oo.recommend.filling import PoolFiller
from oo.recommend.gathering import gather
from oo.recommend.learner import Learner
from oo.recommend.ports import Assembled, Written
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import audit, batches, data_keys, erasures, kept_profiles, pooled_log, tasks, users
from oo.store.audit import Head
from oo.store.batches import Turn
from oo.store.database import Database
from oo.store.erasure_log import Erased, ErasureLog
from oo.store.kept_profiles import Profile
from oo.store.tables import metadata
from oo.vault.service import Vault
from tests.peers import both_stores
from tests.peers.store import add_person, say
from tests.peers.todoist import TodoistPeer
from tests.peers.vault import KEYRING
from tests.unit.integrations.conftest import connect, http, peer, settings
from tests.unit.recommend.conftest import START, candidate, put_pool, serve_tip

__all__ = ["http", "peer", "settings"]  # fixtures
RACES = int(os.environ.get("OO_RACES", "8"))
AT_ONCE = 5  # of what goes on beside the erasure
GONE = (Conflict, NotFound, Unauthorized)  # what somebody hears who comes too late
pytestmark = pytest.mark.timeout(600)
postgres_url, address = both_stores.postgres_url, both_stores.address
empty, db = both_stores.empty, both_stores.with_tables


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def log(tmp_path: Path) -> ErasureLog:
    return ErasureLog(tmp_path)


@pytest.fixture
def integrations(
    db: Database, clock: ManualClock, settings: Settings, http: httpx2.AsyncClient
) -> Integrations:
    sources = build_sources(settings, http, clock)
    return Integrations(db, Vault(KEYRING, clock), KEYRING, sources, clock, settings.base_url)


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


async def rows_of(db: Database, user_id: str) -> dict[str, int]:
    """Rows that name the person, by table: over whatever tables there are."""
    found = {}
    async with db.read() as connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.name == "user_id" or (table.name, column.name) == ("users", "id"):
                    count = select(func.count()).where(column == user_id)
                    found[table.name] = (await connection.execute(count)).scalar_one()
    return {name: count for name, count in found.items() if count}


async def ask(db: Database, clock: ManualClock, user_id: str) -> erasures.Receipt:
    """Delete the account, as the person."""
    async with db.write() as connection:
        found = await erasures.begin(connection, user_id, clock.now(), f"person:{user_id}")
    assert found is not None
    return found


def test_every_table_of_people_refers_to_the_person() -> None:
    """That is what lets the store refuse what comes after the end."""
    for table in erasures.personal_tables():
        assert {key.column.table.name for key in table.c.user_id.foreign_keys} == {"users"}, table


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
        await kept_profiles.save(connection, Profile(ada, 1, {}, clock.now()))
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
    assert await erase_people(db, clock, log) == 17
    async with db.read() as connection:
        done = await erasures.receipt(connection, receipt.id)
        assert done is not None
        assert done.counts == {"candidates": 9, "tasks": 9, "users": 1}
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
