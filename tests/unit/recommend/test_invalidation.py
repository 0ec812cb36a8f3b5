"""What makes another pool, and what does not: the key of pools over a real store (E6)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ml.composing.fallback import fallback
from ml.generation.gate import pool_key
from ml.prompts.prompt import load
from oo.domain.decisions import Decision
from oo.domain.signals.kinds.event import Event
from oo.domain.standing import Standing
from oo.domain.tasks import Task
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.recommend.assembly import assemble
from oo.recommend.filling import identify
from oo.recommend.gathering import gather
from oo.store import decisions, feedback, signals, tasks, users
from oo.store.database import Database
from oo.store.feedback import Effect
from tests.peers.store import add_person

PROMPT, MODEL = "embedded-v2", "oo-engine/embedded"
DAY = date(2026, 11, 21)  # a Saturday, nine in the morning
LIST = [
    Task("file:1", "file", "1", "Call the landlord", priority=3, due=DAY - timedelta(days=2)),
    Task("file:2", "file", "2", "Water the plants", priority=1, due=DAY),
    Task("file:3", "file", "3", "Write the report", priority=2),
]


class Place:
    """A person with a list, somebody else with one, and a clock."""

    def __init__(self, db: Database, clock: ManualClock, ada: str, bob: str) -> None:
        self.db, self.clock, self.ada, self.bob = db, clock, ada, bob
        self.prompt, self.model = PROMPT, MODEL

    async def key(self) -> str:
        """The key of Ada's pool now, from the store as the assembler reads it."""
        async with self.db.read() as connection:
            found = await gather(connection, self.ada, self.clock.now())
        assert found is not None
        return pool_key(found.context, load(self.prompt), self.model)

    async def put(self, *found: Task, user: str | None = None) -> None:
        async with self.db.write() as connection:
            await tasks.put(connection, user or self.ada, found)

    async def show(self, task: Task | None) -> Decision:
        """Show Ada a tip, about that task or about none."""
        moment = Standing(LIST, ZoneInfo("UTC")).at(self.clock.now())
        drafts = fallback(assemble(moment, LIST), 6, Random(1))
        made = identify(drafts, self.clock, moment)[0]
        candidate = replace(made, task_id=None if task is None else task.id)
        decision = Decision(
            id=new_id(self.clock),
            user_id=self.ada,
            created_at=self.clock.now(),
            candidate=candidate,
            candidate_ids=[candidate.id],
            chosen=0,
            policy="random",
            policy_version="1",
            seed=1,
            state_seq=0,
            propensities=np.ones(1).tolist(),
            scores=[0.0],
            features={"intercept": [1.0]},
            degraded=None,
            latency_ms=1.0,
        )
        async with self.db.write() as connection:
            await decisions.append(connection, [decision])
        return decision

    async def react(self, task: Task | None, rest: timedelta | None) -> None:
        """Show Ada a tip; it is finished (no `rest`) or rests."""
        tip = await self.show(task)
        until = None if rest is None else self.clock.now() + rest
        effect = Effect(self.ada, tip.candidate.id, None if task is None else task.id, until)
        async with self.db.write() as connection:
            await feedback.apply_effects(connection, [effect], self.clock.now())


Change = Callable[[Place], Awaitable[object]]


async def _prompt(place: Place) -> None:
    place.prompt = "embedded-v1"


async def _model(place: Place) -> None:
    place.model = "oo-engine/another"


async def _zone(place: Place) -> None:
    async with place.db.write() as connection:
        await users.set_timezone(connection, place.ada, "Asia/Tokyo")


async def _gone(place: Place) -> None:
    async with place.db.write() as connection:
        await tasks.remove(connection, place.ada, ["file:3"])


async def _event(place: Place) -> None:
    start = place.clock.now() + timedelta(hours=1)
    event = Event("c:1", "c", "1", "Lunch", starts_at=start, ends_at=start + timedelta(hours=1))
    async with place.db.write() as connection:
        await signals.put(connection, place.ada, [event], place.clock.now())


async def _finish_of_bob(place: Place) -> None:
    async with place.db.write() as connection:
        await tasks.mark_completed(connection, place.bob, ["file:1"], place.clock.now())


async def _later(place: Place, **by: float) -> None:
    place.clock.advance(timedelta(**by).total_seconds())


GERMAN = ("Vermieter anrufen", "Pflanzen gießen", "Bericht schreiben")

INVALIDATES: dict[str, Change] = {
    "another prompt": _prompt,
    "another model": _model,
    "another title": lambda p: p.put(replace(LIST[2], title="Write the minutes")),
    "another language": lambda p: p.put(
        *(replace(task, title=title) for task, title in zip(LIST, GERMAN, strict=True))
    ),
    "another priority": lambda p: p.put(replace(LIST[2], priority=4)),
    "another due day": lambda p: p.put(replace(LIST[2], due=DAY + timedelta(days=1))),
    "a new task": lambda p: p.put(Task("file:4", "file", "4", "Pay the rent")),
    "a task that is gone": _gone,
    "another zone, where it is evening": _zone,
    "another part of the day": lambda p: _later(p, hours=3),
    "another day": lambda p: _later(p, days=1),
    "a done task": lambda p: p.react(LIST[1], None),
    "a task that rests": lambda p: p.react(LIST[1], timedelta(hours=2)),
}

LEAVES: dict[str, Change] = {
    "an hour of the same morning": lambda p: _later(p, hours=2),
    "a tip that was shown": lambda p: p.show(LIST[0]),
    "a reaction to a tip that speaks of no task": lambda p: p.react(None, timedelta(hours=2)),
    "the same list, handed in again": lambda p: p.put(*LIST),
    "another external id": lambda p: p.put(replace(LIST[2], external_id="33")),
    "somebody else's list": lambda p: p.put(Task("file:9", "file", "9", "Paint"), user=p.bob),
    "a task that somebody else finished": _finish_of_bob,
    "an event, which this prompt does not tell of": _event,
}


@pytest.fixture
async def place(db: Database, clock: ManualClock) -> Place:
    found = Place(db, clock, await add_person(db, clock, "ada"), await add_person(db, clock, "bob"))
    await found.put(*LIST)
    await found.put(*LIST, user=found.bob)
    return found


@pytest.mark.parametrize("what", INVALIDATES)
async def test_this_makes_another_pool(place: Place, what: str) -> None:
    before = await place.key()
    await INVALIDATES[what](place)
    assert await place.key() != before


@pytest.mark.parametrize("what", LEAVES)
async def test_this_leaves_the_pool(place: Place, what: str) -> None:
    before = await place.key()
    await LEAVES[what](place)
    assert await place.key() == before


async def test_an_event_makes_another_pool_of_a_prompt_that_tells_of_it(place: Place) -> None:
    place.prompt = "instruct-v2"
    before = await place.key()
    await _event(place)
    assert await place.key() != before
