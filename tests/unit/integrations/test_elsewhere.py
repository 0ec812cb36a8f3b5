"""Tasks that are finished at their source are told of, deleted ones are not."""

import httpx2

from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.store import outbox
from oo.store.database import Database
from tests.peers.todoist import TodoistPeer
from tests.unit.integrations.conftest import connect

DAILY = {"date": "2026-11-21", "string": "every day", "lang": "en", "is_recurring": True}


async def told(db: Database) -> list[str]:
    async with db.read() as connection:
        messages = await outbox.waiting(connection, outbox.TASK_COMPLETED, 100)
    return [message.payload["task_id"] for message in messages]


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
    integrations: Integrations, db: Database, ada: str
) -> None:
    await integrations.import_file(ada, "list.txt", b"- [ ] Call Mara\n- [ ] Pay rent\n")
    await integrations.import_file(ada, "list.txt", b"- [x] Call Mara\n- [ ] Pay rent\n")
    await integrations.import_file(ada, "list.txt", b"- [x] Call Mara\n- [ ] Pay rent\n")
    assert len(await told(db)) == 1
