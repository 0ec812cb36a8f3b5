"""Tasks that are finished at their source are told of, deleted ones are not."""

from datetime import datetime, timedelta

import httpx2

from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.store import outbox
from oo.store.database import Database
from oo.store.outbox import Outcome
from tests.peers.store import tick_off
from tests.peers.todoist import TodoistPeer
from tests.unit.integrations.conftest import connect

DAILY = {"date": "2026-11-21", "string": "every day", "lang": "en", "is_recurring": True}


async def told(db: Database) -> list[str]:
    async with db.read() as connection:
        messages = await outbox.waiting(connection, outbox.TASK_COMPLETED, 100)
    return [message.payload["task_id"] for message in messages]


async def instants(db: Database) -> list[datetime]:
    async with db.read() as connection:
        messages = await outbox.waiting(connection, outbox.TASK_COMPLETED, 100)
    return [datetime.fromisoformat(message.payload["at"]) for message in messages]


async def finish(peer: TodoistPeer, http: httpx2.AsyncClient, task: str) -> None:
    token = next(iter(peer.access))
    answer = await http.post(
        f"https://api.todoist.com/api/v1/tasks/{task}/close",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 204


async def test_a_task_finished_there_is_told_once(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    finished, deleted = peer.add_task("finished"), peer.add_task("deleted")
    daily = peer.add_task("daily", due=DAILY)
    moved = peer.add_task("moved", due=DAILY)
    await connect(integrations, http, ada)
    await integrations.open_tasks(ada)
    await finish(peer, http, finished)
    await finish(peer, http, daily)
    del peer.tasks[deleted]
    peer.tasks[moved]["due"] = {**DAILY, "date": "2026-11-29"}
    for _ in range(2):
        clock.advance(60)
        await integrations.open_tasks(ada)
    assert sorted(await told(db)) == sorted([f"todoist:{finished}", f"todoist:{daily}"])


async def test_it_is_told_when_the_task_was_finished(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    daily = peer.add_task("daily", due=DAILY)
    await connect(integrations, http, ada)
    await integrations.open_tasks(ada)
    for _ in range(2):  # two turns at once: the newest counts
        clock.advance(60)
        await finish(peer, http, daily)
    finished_at = clock.now()
    clock.advance(660)
    await integrations.open_tasks(ada)
    assert await instants(db) == [finished_at]


async def test_a_turn_finished_before_is_not_told_again_when_the_next_is_put_off(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    daily = peer.add_task("daily", due=DAILY)
    await connect(integrations, http, ada)
    await integrations.open_tasks(ada)
    await finish(peer, http, daily)
    for wait, due in ((31, "2026-11-29"), (3 * 24 * 3600, "2026-11-30")):
        clock.advance(wait)
        await integrations.open_tasks(ada)
        assert await told(db) == [f"todoist:{daily}"]
        peer.tasks[daily]["due"] = {**DAILY, "date": due}
        clock.advance(31)
        await integrations.open_tasks(ada)
        assert await told(db) == [f"todoist:{daily}"]


async def test_a_turn_ticked_off_here_is_not_told_when_the_next_is_put_off(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    daily = peer.add_task("daily", due=DAILY)
    await connect(integrations, http, ada)
    await integrations.open_tasks(ada)
    errand = {
        "user_id": ada,
        "subject": outbox.COMPLETE_TASK,
        "payload": {"task_id": f"todoist:{daily}"},
        "created_at": clock.now(),
    }
    async with db.write() as connection:
        await outbox.put(connection, [errand])
    await tick_off(db, clock, ada, f"todoist:{daily}")
    await integrations.complete(ada, f"todoist:{daily}")
    for _ in range(2):
        clock.advance(31)
        await integrations.open_tasks(ada)
        peer.tasks[daily]["due"] = {**DAILY, "date": "2026-11-29"}
    assert await told(db) == []


async def test_what_was_finished_just_before_the_last_read_is_told(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    task = peer.add_task("finished")
    await connect(integrations, http, ada)
    peer.now = lambda: clock.now() - timedelta(seconds=40)  # its clock is behind
    clock.advance(31)
    await integrations.open_tasks(ada)
    for token in peer.access:
        peer.access[token] += timedelta(hours=1)
    await finish(peer, http, task)
    clock.advance(31)
    await integrations.open_tasks(ada)
    assert await told(db) == [f"todoist:{task}"]


async def test_connecting_again_tells_nothing_twice(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    daily = peer.add_task("daily", due=DAILY)
    await connect(integrations, http, ada)
    await finish(peer, http, daily)
    clock.advance(91)
    await integrations.open_tasks(ada)
    async with db.write() as connection:  # as if the message were purged
        (message,) = await outbox.waiting(connection, outbox.TASK_COMPLETED, 100)
        await outbox.end(connection, message.id, Outcome.DONE, clock.now() - timedelta(days=30))
    clock.advance(3600)
    peer.tasks[daily]["due"] = {**DAILY, "date": "2026-11-29"}
    await connect(integrations, http, ada)
    assert await told(db) == []


async def test_what_the_source_could_not_answer_is_asked_again(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    task = peer.add_task("finished")
    await connect(integrations, http, ada)
    await integrations.open_tasks(ada)
    await finish(peer, http, task)
    peer.fail_next.extend([None, None, 503, 503, 503])
    clock.advance(60)
    await integrations.open_tasks(ada)
    assert await told(db) == []
    clock.advance(300)
    await integrations.open_tasks(ada)
    assert await told(db) == [f"todoist:{task}"]


async def test_a_tick_in_a_later_list_is_told_too(
    integrations: Integrations, db: Database, clock: ManualClock, ada: str
) -> None:
    await integrations.import_file(ada, "list.txt", b"- [ ] Call Mara\n- [ ] Pay rent\n")
    clock.advance(60)
    ticked_at = clock.now()
    for _ in range(2):
        await integrations.import_file(ada, "list.txt", b"- [x] Call Mara\n- [ ] Pay rent\n")
        clock.advance(60)
    assert await instants(db) == [ticked_at]
