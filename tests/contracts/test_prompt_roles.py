"""Roles of prompts on SQLite and on a real PostgreSQL: who gets which, audited and reversible."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ml.generation.gate import pool_key
from ml.prompts.prompt import given, load
from oo.domain.context import DayPart, PromptContext
from oo.domain.prompts import is_given
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.mlops import prompts
from oo.mlops.roles import Order
from oo.store import prompts as store
from oo.store import users
from oo.store.database import Database
from tests.peers import both_stores
from tests.peers.store import add_person
from tests.unit.mlops.decision_logs import SETTLED, START, live

ADA = Order("ada", "a test", START)
OLD, NEW = "embedded-v1", "embedded-v2"
PEOPLE = [f"person-{n}" for n in range(4000)]
postgres_url, address = both_stores.postgres_url, both_stores.address
db = both_stores.migrated


async def given_to(db: Database, person: str) -> str:
    async with db.read() as connection:
        return await store.given_to(connection, person)


async def roles_of(db: Database) -> list[str]:
    async with db.read() as connection:
        return [one.role for one in await store.history(connection)]


def test_assignment_is_stable_and_a_larger_share_keeps_those_of_a_smaller() -> None:
    tenth = {person for person in PEOPLE if is_given(person, NEW, 0.1)}
    half = {person for person in PEOPLE if is_given(person, NEW, 0.5)}
    assert tenth == {person for person in PEOPLE if is_given(person, NEW, 0.1)}
    assert tenth < half
    assert len(tenth) / len(PEOPLE) == pytest.approx(0.1, abs=0.02)
    other = {person for person in PEOPLE if is_given(person, OLD, 0.5)}
    assert len(half & other) / len(PEOPLE) == pytest.approx(0.25, abs=0.03)  # independent


async def test_a_challenger_writes_for_its_share_and_then_for_all_and_back(db: Database) -> None:
    assert await given_to(db, PEOPLE[0]) == ""
    await prompts.challenge(db, NEW, 0.5, ADA)
    drawn = [person for person in PEOPLE[:60] if await given_to(db, person)]
    assert drawn == [person for person in PEOPLE[:60] if is_given(person, NEW, 0.5)]
    report, latest = await prompts.examine(db, SETTLED)
    assert not report.passed  # nothing is logged
    await prompts.decide(db, report, latest, ADA)
    assert await given_to(db, next(p for p in PEOPLE if not is_given(p, NEW, 0.5))) == ""
    passed = type(report)(NEW, OLD, 0.1, 500, ())
    await prompts.decide(db, passed, latest, ADA)
    context = PromptContext(DayPart.MORNING, 0, 0, 0, (), prompt=await given_to(db, "anybody"))
    assert given(context, load(OLD)).version == NEW
    own = replace(context, prompt="")
    keys = {pool_key(one, given(one, load(OLD)), "model") for one in (own, context)}
    assert len(keys) == 2  # another prompt makes another pool
    assert await prompts.rollback(db, ADA) == prompts.ALIAS_OWN
    assert await given_to(db, "anybody") == ""
    assert await roles_of(db) == ["challenger", "refused", "in_force", "rolled_back"]


async def test_a_change_of_roles_has_every_pool_looked_at_again(db: Database) -> None:
    person = await add_person(db, ManualClock(START), "ada")
    async with db.write() as connection:
        await users.set_filled(connection, person, 0, datetime(2030, 1, 1, tzinfo=UTC))
    await prompts.challenge(db, NEW, 0.1, ADA)
    async with db.read() as connection:
        assert (await users.heads(connection, [person]))[person].look_again_at is None


async def test_what_is_proposed_serves_nobody_before_approval(db: Database) -> None:
    body = (load(NEW).file.model_dump_json()).replace(NEW, "embedded-x1")
    assert await prompts.propose(db, body, {"score": 3.0}, ADA) == "embedded-x1"
    assert not any([await given_to(db, person) for person in PEOPLE[:40]])
    with pytest.raises(Conflict, match="oo prompt approve"):
        await prompts.challenge(db, "embedded-x1", 0.5, ADA)
    with pytest.raises(Conflict, match="already"):
        await prompts.propose(db, body, {}, ADA)
    await prompts.approve(db, "embedded-x1", 0.5, ADA)
    assert any([await given_to(db, person) for person in PEOPLE[:40]])


async def test_what_makes_no_sense_is_refused(db: Database) -> None:
    with pytest.raises(NotFound, match="nope"):
        await prompts.challenge(db, "nope", 0.1, ADA)
    for share in (0.0, 1.0):
        with pytest.raises(BadRequest, match="share"):
            await prompts.challenge(db, NEW, share, ADA)
    with pytest.raises(BadRequest, match="not proposed"):
        await prompts.approve(db, NEW, 0.1, ADA)
    with pytest.raises(BadRequest, match="no prompt"):
        await prompts.propose(db, "name: x", {}, ADA)
    for attempt in (prompts.withdraw, prompts.rollback):
        with pytest.raises(Conflict):
            await attempt(db, ADA)
    assert await roles_of(db) == []


async def test_a_promotion_that_saw_older_roles_is_refused(db: Database) -> None:
    await prompts.challenge(db, NEW, 0.1, ADA)
    report, latest = await prompts.examine(db, SETTLED)
    await prompts.withdraw(db, ADA)
    with pytest.raises(Conflict, match="meanwhile"):
        await prompts.decide(db, type(report)(NEW, OLD, 0.1, 500, ()), latest, ADA)


async def test_the_gate_counts_people_by_the_arm_that_they_were_drawn_into(db: Database) -> None:
    await prompts.challenge(db, NEW, 0.5, ADA)
    await live(db, people=10, rounds=3)
    report, _ = await prompts.examine(db, SETTLED)
    assert report.decisions == 30
    smaller = report.checks[0]
    assert smaller.value is not None
    assert 1 <= smaller.value <= 5
    assert not report.passed


async def test_a_prompt_of_another_family_is_left_alone(db: Database) -> None:
    await prompts.challenge(db, "instruct-v1", 0.9, ADA)
    person = next(one for one in PEOPLE if is_given(one, "instruct-v1", 0.9))
    context = PromptContext(DayPart.MORNING, 0, 0, 0, (), prompt=await given_to(db, person))
    assert given(context, load(NEW)).version == NEW
