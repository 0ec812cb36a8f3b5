"""The mirror in a real NATS JetStream: no id missing, none twice, whatever happens to either."""

import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oo.domain.events import pseudonym
from oo.events import mirror as module
from oo.events.mirror import NAME, Mirror
from oo.events.relay import Relay
from oo.events.replay import Replays
from oo.events.schemas import decoded
from oo.kit.clock import ManualClock
from oo.store import erasures
from oo.store.database import Database
from tests.peers.happenings import decision, react, serve, sync, told
from tests.peers.nats import SERVER, NatsPeer, nats_server
from tests.peers.store import add_person, fresh_store

pytestmark = pytest.mark.skipif(SERVER is None, reason="needs Debian's nats-server")
KEEP = timedelta(days=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[NatsPeer]:
    with nats_server(tmp_path / "jetstream") as found:
        yield found


@pytest.fixture
async def mirror(db: Database, clock: ManualClock, peer: NatsPeer) -> AsyncIterator[Mirror]:
    await peer.ready()
    found = Mirror(db, clock, peer.url, KEEP)
    yield found
    await found.close()


async def happen(db: Database, clock: ManualClock, people: list[str], times: int) -> None:
    """Tips, reactions and syncs, told."""
    for _ in range(times):
        clock.advance(0.01)
        made = [decision(clock, user_id) for user_id in people]
        await serve(db, clock, made)
        await react(db, clock, made[0].user_id, made[0].id)
        await sync(db, clock, people[-1])
    await Relay(db, clock).relay()


async def check_same(db: Database, peer: NatsPeer) -> None:
    """Each stream has each event of the log once, in the log's order, as its message."""
    log = await told(db)
    for stream in ("signals", "feedback"):
        own = [event for event in log if event.subject.startswith(f"{stream}.")]
        held = await peer.held(stream)
        assert [headers["Nats-Msg-Id"] for _, headers, _ in held] == [event.id for event in own]
        for event, (subject, headers, body) in zip(own, held, strict=True):
            assert subject == f"{event.subject}.{pseudonym(event.user_id)}"
            assert headers["Oo-Seq"] == str(event.seq)
            fields = decoded(event.subject, body)
            assert fields["meta"]["id"] == event.id
            assert event.user_id not in str(fields)


async def test_every_event_is_there_once_in_order(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    people = [await add_person(db, clock, name) for name in ("ada", "bob", "eve")]
    await happen(db, clock, people, 100)
    assert await mirror.mirror() == len(await told(db)) == 600
    await check_same(db, peer)
    assert await mirror.mirror() == 0
    by_person = defaultdict(list)
    for subject, headers, _ in await peer.held("signals"):
        by_person[subject.rsplit(".")[-1]].append(int(headers["Oo-Seq"]))
    assert all(numbers == sorted(numbers) for numbers in by_person.values())


async def test_while_it_is_away_nothing_is_lost(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    people = [await add_person(db, clock)]
    await happen(db, clock, people, 5)
    await mirror.mirror()
    peer.kill()
    for _ in range(4):
        await happen(db, clock, people, 5)
        assert await mirror.mirror() == 0
        clock.advance(20)
    (standing,) = await Replays(db, clock).standings()
    assert standing.error
    assert standing.lag == 80
    peer.start()
    await peer.ready()
    clock.advance(20)
    assert await mirror.mirror() == 80
    await check_same(db, peer)
    (standing,) = await Replays(db, clock).standings()
    assert (standing.lag, standing.error) == (0, "")


async def test_a_store_that_was_wiped_is_filled_again(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    people = [await add_person(db, clock)]
    await happen(db, clock, people, 10)
    await mirror.mirror()
    peer.kill()
    peer.wipe()
    peer.start()
    await peer.ready()
    clock.advance(20)
    for _ in range(3):
        await mirror.mirror()
        clock.advance(20)
    await check_same(db, peer)


async def test_what_the_server_took_back_is_published_again(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    """After a power cut a server that does not sync each write has an older state."""
    people = [await add_person(db, clock)]
    await happen(db, clock, people, 5)
    await mirror.mirror()
    peer.kill()
    older = peer.folder.with_name("older")
    peer.folder.rename(older)
    shutil.copytree(older, peer.folder)
    peer.start()
    await peer.ready()
    await happen(db, clock, people, 5)
    clock.advance(20)
    for _ in range(2):
        await mirror.mirror()
        clock.advance(20)
    await check_same(db, peer)
    peer.kill()
    peer.wipe()
    older.rename(peer.folder)
    peer.start()
    await peer.ready()
    for _ in range(3):
        clock.advance(20)
        await mirror.mirror()
    await check_same(db, peer)


async def test_a_process_that_died_before_it_noted_how_far_it_was_publishes_nothing_twice(
    db: Database,
    clock: ManualClock,
    peer: NatsPeer,
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [await add_person(db, clock)]
    await happen(db, clock, people, 10)

    class Killed(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module.Cursor, "keep", dies)
        with pytest.raises(Killed):
            await mirror.mirror()
    await mirror.close()
    await happen(db, clock, people, 10)
    another = Mirror(db, clock, peer.url, KEEP)
    await another.mirror()
    await another.close()
    await check_same(db, peer)


async def test_it_is_rebuilt_when_an_operator_asks(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    people = [await add_person(db, clock)]
    await happen(db, clock, people, 5)
    await mirror.mirror()
    await Replays(db, clock).rebuild("operator:test", "to see it")
    await mirror.mirror()
    await check_same(db, peer)


async def test_nothing_is_left_of_who_is_erased(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    ada, bob = await add_person(db, clock), await add_person(db, clock, "bob")
    await happen(db, clock, [bob, ada], 5)
    await mirror.mirror()
    async with db.write() as connection:
        await erasures.begin(connection, ada, clock.now(), "test")
        while await erasures.erase_some(connection, ada):
            pass
        await erasures.finish(connection, ada, clock.now(), "test")
    clock.advance(20)
    await mirror.mirror()
    for stream in ("signals", "feedback"):
        held = await peer.held(stream)
        assert held
        assert all(subject.endswith(pseudonym(bob)) for subject, _, _ in held)
    await happen(db, clock, [bob], 5)
    await mirror.mirror()
    await check_same(db, peer)


async def test_a_replayed_event_is_the_same_message(
    db: Database, clock: ManualClock, peer: NatsPeer, mirror: Mirror
) -> None:
    people = [await add_person(db, clock)]
    await happen(db, clock, people, 3)
    await mirror.mirror()
    await Replays(db, clock).ask("operator:test", NAME, 2, 4, "a reader lost it")
    assert await mirror.mirror() == 3
    await check_same(db, peer)  # within two minutes the server drops what it has
    await happen(db, clock, people, 3)
    await mirror.mirror()
    await check_same(db, peer)
