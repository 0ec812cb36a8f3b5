"""Consumers of events: each its own place, each event at least once, nobody held up by another."""

import importlib
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import oo.events.consumers
import oo.events.subjects
from oo.domain.events import EventSeen, Hearing
from oo.events import schemas
from oo.events.bus import PAUSES, TRIES, Bus
from oo.events.consumer import Consumer, Handler, consumers
from oo.events.relay import Relay
from oo.events.replay import Replays
from oo.events.subject import subjects
from oo.kit.clock import Clock, ManualClock
from oo.kit.errors import BadRequest, NotFound
from oo.kit.provide import Provided
from oo.store import audit, outbox
from oo.store.database import Database
from tests.contracts.dropped import dropped
from tests.peers.happenings import sync, told
from tests.peers.store import add_person, fresh_store

SUBJECT = """
from oo.events.subject import Subject, same

SUBJECT = Subject(
    name="signals.mood.noted",
    message="oo.events.v1.MoodNoted",
    words="Somebody said how they are.",
    fields=same("score"),
    example={"score": 4},
)
"""
CONSUMER = """
from oo.events.consumer import Consumer, Handler
from oo.store import activity
from oo.store.database import Database

HEARD = []

def make(db: Database) -> Handler:
    async def handle(event):
        HEARD.append((event.subject, event.payload["score"]))
    return handle

CONSUMER = Consumer("listener", "Hears moods.", ("signals.mood.*",), make, from_start=True)
"""
PROTO = """syntax = "proto3";

package oo.events.v1;

import "oo/events/v1/meta.proto";

// Somebody said how they are.
message MoodNoted {
  Meta meta = 1;
  uint32 score = 2;
}
"""


class Listener:
    """A handler that remembers, and fails on the events it is told to."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.fails_on: set[int] = set()

    def make(self) -> Handler:
        async def handle(event: EventSeen) -> None:
            if event.payload["put"] in self.fails_on:
                raise ValueError("no")
            self.heard.append(event.payload["put"])

        return handle


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


def bus_of(db: Database, clock: Clock, **listeners: Listener) -> Bus:
    made = [
        Consumer(name, "Hears.", ("signals.task.synced",), one.make, from_start=True)
        for name, one in listeners.items()
    ]
    return Bus(db, clock, made, Provided({}))


async def happen(db: Database, clock: ManualClock, user_id: str, numbers: range) -> None:
    for number in numbers:
        clock.advance(0.01)
        await sync(db, clock, user_id, number)
    await Relay(db, clock).relay()


async def test_each_has_a_place_of_its_own(db: Database, clock: ManualClock) -> None:
    ada, one, two = await add_person(db, clock), Listener(), Listener()
    await happen(db, clock, ada, range(3))
    await bus_of(db, clock, one=one).feed()
    await happen(db, clock, ada, range(3, 6))
    assert await bus_of(db, clock, one=one, two=two).feed() == 9
    assert one.heard == two.heard == list(range(6))
    standings = {it.name: (it.position, it.lag) for it in await Replays(db, clock).standings()}
    assert standings == {"one": (6, 0), "two": (6, 0)}


async def test_one_that_fails_is_tried_again_and_holds_up_nobody(
    db: Database, clock: ManualClock
) -> None:
    ada, ill, well = await add_person(db, clock), Listener(), Listener()
    bus = bus_of(db, clock, ill=ill, well=well)
    ill.fails_on = {2}
    await happen(db, clock, ada, range(5))
    await bus.feed()
    assert (ill.heard, well.heard) == ([0, 1], list(range(5)))
    await bus.feed()
    assert ill.heard == [0, 1]
    (standing,) = [it for it in await Replays(db, clock).standings() if it.name == "ill"]
    assert (standing.lag, standing.error) == (3, "event 3: ValueError('no')")
    ill.fails_on = set()
    clock.advance(PAUSES.first.total_seconds())
    await bus.feed()
    assert ill.heard == list(range(5))


async def test_an_event_that_nobody_can_take_is_set_aside_and_can_be_replayed(
    db: Database, clock: ManualClock
) -> None:
    ada, ill = await add_person(db, clock), Listener()
    bus, replays = bus_of(db, clock, ill=ill), Replays(db, clock)
    ill.fails_on = {2}
    await happen(db, clock, ada, range(5))
    for _ in range(TRIES):
        await bus.feed()
        clock.advance(PAUSES.longest.total_seconds())
    assert ill.heard == [0, 1, 3, 4]
    assert [it.aside for it in await replays.standings()] == [(3,)]
    ill.fails_on = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replays, "names", staticmethod(lambda: {"ill"}))
        await replays.ask("operator:test", "ill", 3, None, "it can now")
    await bus.feed()
    await bus.feed()
    assert ill.heard == [0, 1, 3, 4, 2]
    assert [(it.aside, it.replaying) for it in await replays.standings()] == [((), 0)]


async def test_a_replay_is_written_down_and_changes_no_place(
    db: Database, clock: ManualClock
) -> None:
    ada = await add_person(db, clock)
    bus = Bus(db, clock, consumers().values(), Provided({}))
    await bus.feed()
    await happen(db, clock, ada, range(5))
    assert await bus.feed() == 5
    asked = await Replays(db, clock).ask("person:eve", "counted", 2, 4, "to see it")
    assert asked.events == 3
    assert await bus.feed() == 3
    assert await bus.feed() == 0
    (standing,) = await Replays(db, clock).standings()
    assert (standing.position, standing.lag, standing.replaying) == (5, 0, 0)
    async with db.read() as connection:
        (link,) = await audit.newest(connection, 1)
    assert (link.entry.actor, link.entry.action) == ("person:eve", "events.replay")
    assert link.entry.before == {"replaying": 0}
    assert link.entry.after == {"first": 2, "last": 4, "events": 3, "replaying": 3}


async def test_a_preview_says_what_a_replay_would_do_and_changes_nothing(
    db: Database, clock: ManualClock
) -> None:
    ada, replays = await add_person(db, clock), Replays(db, clock)
    bus = Bus(db, clock, consumers().values(), Provided({}))
    await bus.feed()
    await happen(db, clock, ada, range(2))

    async def heard() -> dict[str, Hearing]:
        return {one.consumer: one.hearing for one in (await replays.preview("2")).heard}

    assert await heard() == {"counted": Hearing.WAITS, "mirror": Hearing.ABSENT}
    await bus.feed()
    assert await heard() == {"counted": Hearing.HAD, "mirror": Hearing.ABSENT}
    assert (await replays.ask("person:eve", "counted", 2, None, "x")).hearing == Hearing.HAD
    assert (await heard())["counted"] == Hearing.AGAIN
    assert await bus.feed() == 1
    assert (await heard())["counted"] == Hearing.HAD
    for unknown in ("9", "9" * 30, "no.such:event", "x" * 500, "a\0b"):
        with pytest.raises(NotFound):
            await replays.preview(unknown)


@pytest.mark.parametrize(
    ("consumer", "first", "last", "why", "error"),
    [
        ("nobody", 1, None, "x", NotFound),
        ("counted", 9, None, "x", NotFound),
        ("counted", 1, None, " ", BadRequest),
        ("counted", 3, 1, "x", BadRequest),
        ("counted", 1, 10**6, "x", BadRequest),
    ],
)
async def test_a_replay_that_cannot_be_changes_nothing(
    db: Database,
    clock: ManualClock,
    consumer: str,
    first: int,
    last: int | None,
    why: str,
    error: type[Exception],
) -> None:
    await happen(db, clock, await add_person(db, clock), range(2))
    with pytest.raises(error):
        await Replays(db, clock).ask("person:eve", consumer, first, last, why)
    assert await Replays(db, clock).standings() == []
    async with db.read() as connection:
        assert await audit.newest(connection, 1) == []


async def test_a_subject_and_a_consumer_are_files_and_nothing_else(
    db: Database, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One .proto, one file in `subjects`, one file in `consumers`: no list is edited."""
    messages = tmp_path / "schemas"
    shutil.copytree(schemas.FOLDER, messages)
    (messages / "oo/events/v1/mood_noted.proto").write_text(PROTO)
    monkeypatch.setattr(schemas, "FOLDER", messages)
    for name in ("subjects", "consumers"):
        (tmp_path / name).mkdir()
    ada = await add_person(db, clock)
    with (
        dropped(oo.events.subjects, tmp_path / "subjects", "mood_noted", SUBJECT),
        dropped(oo.events.consumers, tmp_path / "consumers", "listener", CONSUMER),
    ):
        subjects.cache_clear()
        consumers.cache_clear()
        try:
            async with db.write() as connection:
                payload = {"score": 4}
                await outbox.tell(connection, ada, "signals.mood.noted", payload, clock.now())
            await Relay(db, clock).relay()
            await Bus(db, clock, consumers().values(), Provided({Database: db})).feed()
            (event,) = await told(db)
            heard: Any = importlib.import_module("oo.events.consumers.listener")
            assert heard.HEARD == [("signals.mood.noted", 4)]
            body = schemas.decoded(event.subject, schemas.encoded(event))
            assert body["score"] == 4
        finally:
            subjects.cache_clear()
            consumers.cache_clear()


@pytest.mark.parametrize("name", subjects())
def test_what_a_subject_tells_is_its_message_and_no_text(name: str) -> None:
    subject, at = subjects()[name], datetime(2026, 11, 21, 9, tzinfo=UTC)
    written = {**subject.example, "title": "Call Mum"}
    fields = subject.fields("ada", written)
    payload = {key: value for key, value in fields.items() if value is not None}
    event = EventSeen(7, f"{name}:1", name, "ada", at, payload)
    body = schemas.decoded(name, schemas.encoded(event))
    assert set(payload) - set(body) <= {key for key, value in payload.items() if not value}
    assert body["meta"] == {
        "id": f"{name}:1",
        "seq": "7",
        "person": schemas.pseudonym("ada"),
        "at": "2026-11-21T09:00:00Z",
    }
    assert "Call Mum" not in str(body)
    assert "todoist:7" not in str(body), "a source may name a task by its title"
    wrong = event._replace(payload={**payload, "title": "Call Mum"})
    with pytest.raises(ValueError, match="title"):
        schemas.encoded(wrong)


@pytest.mark.parametrize("consumer", consumers().values(), ids=consumers())
def test_a_consumer_hears_of_a_subject_that_there_is(consumer: Consumer) -> None:
    assert consumer.words.endswith(".")
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert any(consumer.takes(EventSeen(1, "x", name, "ada", at, {})) for name in subjects())
