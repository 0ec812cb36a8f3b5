"""What was said of a task goes with its row, unless the task was finished."""

import httpx2
from sqlalchemy import select

from oo.integrations.service import Integrations
from oo.kit.clock import ManualClock
from oo.store import candidates
from oo.store.database import Database
from oo.store.tables import candidates as candidates_table
from oo.store.tables import tip_scores
from tests.peers.todoist import TodoistPeer
from tests.unit.integrations.conftest import connect
from tests.unit.integrations.test_completions import finish
from tests.unit.recommend.conftest import candidate, serve_tip


async def speak_of(db: Database, clock: ManualClock, user: str, task_ids: list[str]) -> None:
    """A candidate and a decision about each, and about no task."""
    made = [candidate(clock, task_id) for task_id in (*task_ids, None)]
    async with db.write() as connection:
        await candidates.replace(connection, user, "key", made, clock.now())
    for one in made:
        await serve_tip(db, clock, user, one)


async def spoken_of(db: Database) -> tuple[set[str | None], set[str | None]]:
    """The tasks that candidates and the words of decisions speak of."""
    c, t = candidates_table.c, tip_scores.c
    async with db.read() as connection:
        made = (await connection.execute(select(c.task_id))).scalars().all()
        said = (
            (await connection.execute(select(t.task_id).where(t.sealed.is_not(None))))
            .scalars()
            .all()
        )
        numbers = (await connection.execute(select(t.scores, t.features))).all()
    assert all(row.scores and row.features for row in numbers)
    return set(made), set(said)


async def test_of_a_task_deleted_at_its_source_no_word_stays(
    integrations: Integrations,
    db: Database,
    peer: TodoistPeer,
    http: httpx2.AsyncClient,
    clock: ManualClock,
    ada: str,
) -> None:
    deleted, finished, kept = (peer.add_task(name) for name in ("deleted", "finished", "kept"))
    await connect(integrations, http, ada)
    await integrations.open_tasks(ada)
    await speak_of(db, clock, ada, [f"todoist:{one}" for one in (deleted, finished, kept)])
    del peer.tasks[deleted]
    await finish(peer, http, finished)
    clock.advance(60)
    await integrations.open_tasks(ada)
    stays = {f"todoist:{finished}", f"todoist:{kept}", None}
    assert await spoken_of(db) == (stays, stays)


async def test_of_a_task_that_a_newer_list_leaves_out_no_word_stays(
    integrations: Integrations, db: Database, clock: ManualClock, ada: str
) -> None:
    await integrations.import_file(ada, "todo.txt", b"(A) kept +p\n(B) hidden +p\n")
    ids = {task.title: task.id for task in await integrations.open_tasks(ada)}
    await speak_of(db, clock, ada, list(ids.values()))
    await integrations.import_file(ada, "todo.txt", b"(A) kept +p\n(B) hidden +p h:1\n")
    left = {task.id for task in await integrations.open_tasks(ada)}
    assert left == {ids["kept"]}
    assert await spoken_of(db) == ({ids["kept"], None}, {ids["kept"], None})
