"""Undoing an import: exactly what was there comes back, and nothing that came since is lost."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from oo.jobs.periodic import forget_imports
from oo.store import last_imports, tasks
from oo.store.database import Database
from oo.store.resealing import sealed_tables
from oo.store.sealing import opened_rows
from oo.store.tables import connections as connections_table
from oo.store.tables import last_imports as last_imports_table
from oo.store.tables import metadata, tip_scores
from oo.store.tables import outbox as outbox_table
from oo.store.tables import tasks as tasks_table
from tests.contracts.test_lists import Person, ada, csrf_of, site

__all__ = ["ada", "site"]

HEADER = "TYPE,CONTENT,PRIORITY,DATE\n"
FIRST = "task,Old errand,1,2026-11-20\ntask,New errand,4,\ntask,Water fern,4,every day\n"
SECOND = "task,New errand,2,2026-11-30\ntask,Water fern,4,every day\ntask,Fresh,4,\n"


async def hand_in(ada: Person, rows: str, filename: str = "Errands.csv") -> None:
    answer = await ada.post(
        f"/api/sources/file/import?filename={filename}",
        content=(HEADER + rows).encode(),
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 200


async def undo(ada: Person) -> int:
    answer = await ada.post("/api/sources/file/undo")
    return answer.status_code


async def opened(connection: AsyncConnection, table: Table) -> list[Any]:
    """All rows of a table with the words that are sealed in them."""
    return [
        row
        for each in (await connection.execute(select(table))).mappings().all()
        for row in await opened_rows(connection, table, each["user_id"], [each])
    ]


async def everything(db: Database) -> list[Any]:
    """All rows that an import writes, but for what undoing keeps."""
    async with db.read() as connection:
        found = []
        for table in (tasks_table, connections_table):
            rows = await opened(connection, table)
            found.append(sorted(map(str, ({**row, "sealed": None} for row in rows))))
    return found


async def react(ada: Person, action: str) -> str:
    """React to a tip about a task; the title of that task."""
    tip: dict[str, Any] = {"task": None}
    for _ in range(50):  # some tips are about no task
        if tip["task"] is None:
            tip = (await ada.post("/recommend")).json()["tip"]
    answer = await ada.post(
        "/feedback",
        json={"tip_id": tip["id"], "action": action, "dwell_ms": 900},
        headers={"idempotency-key": uuid4().hex},
    )
    assert answer.status_code == 200
    assert tip["task"] is not None
    async with ada.site.db.read() as connection:
        stored = await tasks.get(connection, ada.id, tip["task"])
    assert stored is not None
    return stored.task.title


async def test_what_there_was_before_comes_back_exactly(ada: Person) -> None:
    await hand_in(ada, FIRST)
    await ada.finish("Water fern")
    async with ada.site.db.write() as connection:
        await connection.execute(tasks_table.update().values(not_before=ada.site.clock.now()))
    before = await everything(ada.site.db)
    ada.site.clock.advance(60)
    await hand_in(ada, SECOND, "Errands%20(1).csv")
    assert await ada.titles() == {"New errand", "Fresh"}
    assert await undo(ada) == 200
    assert await everything(ada.site.db) == before
    assert await undo(ada) == 410


async def test_the_first_list_is_undone_to_nothing(ada: Person) -> None:
    before = await everything(ada.site.db)
    await hand_in(ada, FIRST)
    page = (await ada.browser.get("/connect")).text
    assert "Undo the last list" in page
    answer = await ada.post("/connect/file/undo", data={"csrf": csrf_of(ada.browser)})
    assert answer.headers["location"] == "/connect?notice=undone"
    assert await everything(ada.site.db) == before
    assert "Undo the last list" not in (await ada.browser.get("/connect")).text


async def test_only_the_last_import_is_undone(ada: Person) -> None:
    await hand_in(ada, FIRST)
    before = await everything(ada.site.db)
    await hand_in(ada, "task,Home only,4,\n", "Home.csv")
    assert await undo(ada) == 200
    assert await everything(ada.site.db) == before


async def test_after_ten_minutes_it_is_gone(ada: Person) -> None:
    await hand_in(ada, FIRST)
    ada.site.clock.advance(600)
    there = await everything(ada.site.db)
    assert await undo(ada) == 410
    assert await everything(ada.site.db) == there
    assert await forget_imports.run(ada.site.db, ada.site.clock) == 1
    async with ada.site.db.read() as connection:
        assert (await connection.execute(select(last_imports_table))).all() == []


async def test_nothing_to_undo_is_gone_and_no_such_source_not_found(ada: Person) -> None:
    assert await undo(ada) == 410
    assert (await ada.post("/api/sources/nothing/undo")).status_code == 404
    form = {"csrf": csrf_of(ada.browser)}
    answer = await ada.post("/connect/file/undo", data=form)
    assert answer.headers["location"] == "/connect?notice=too-late"
    assert (await ada.post("/connect/file/undo", data={})).status_code == 403


@pytest.mark.parametrize("action", ["done", "snooze", "dismiss"])
async def test_a_reaction_in_between_is_never_lost(ada: Person, action: str) -> None:
    await hand_in(ada, "task,Only one,1,2026-11-20\n")
    assert await react(ada, action) == "Only one"
    there = await everything(ada.site.db)
    assert await undo(ada) == 409
    assert await everything(ada.site.db) == there
    answer = await ada.post("/connect/file/undo", data={"csrf": csrf_of(ada.browser)})
    assert answer.headers["location"] == "/connect?notice=built-on"


async def test_a_reaction_to_something_else_stays_and_hinders_nothing(ada: Person) -> None:
    await hand_in(ada, "task,Kept,1,2026-11-20\n", "Home.csv")
    assert await react(ada, "done") == "Kept"
    ada.site.clock.advance(1)
    await hand_in(ada, "task,Kept,1,2026-11-20\ntask,Fresh,4,\n", "Home.csv")
    assert await undo(ada) == 200
    (row,) = await ada.stored()
    assert (row.task.title, row.completed_at is None) == ("Kept", False)


async def test_what_was_told_of_finished_tasks_is_taken_back(ada: Person) -> None:
    await hand_in(ada, FIRST)
    await hand_in(ada, SECOND)
    assert await undo(ada) == 200
    async with ada.site.db.read() as connection:
        subjects = (await connection.execute(select(outbox_table.c.subject))).scalars().all()
    assert "signals.task.completed" not in subjects


async def test_disconnecting_forgets_what_could_be_undone(ada: Person) -> None:
    await hand_in(ada, FIRST)
    await ada.post("/connect/file/disconnect", data={"csrf": csrf_of(ada.browser)})
    assert await undo(ada) == 410
    async with ada.site.db.read() as connection:
        assert await last_imports.get(connection, ada.id, "file") is None


async def test_no_title_is_left_after_disconnecting(ada: Person) -> None:
    await hand_in(ada, "task,Zanzibar errand,1,2026-11-20\n")
    assert await react(ada, "snooze") == "Zanzibar errand"
    await ada.post("/connect/file/disconnect", data={"csrf": csrf_of(ada.browser)})
    async with ada.site.db.read() as connection:
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).mappings():
                assert "Zanzibar" not in str(dict(row)), table.name
        for sealed in sealed_tables():
            assert "Zanzibar" not in str(await opened(connection, sealed)), sealed.name
        kept = await opened(connection, tip_scores)
    assert kept
    assert {row["content"] for row in kept} == {""}
    assert all(row["scores"] and row["features"] for row in kept)
    assert await undo(ada) == 410
    why = await ada.browser.get("/why")
    assert "What it said is erased." in why.text


async def test_no_title_of_an_undone_import_is_left(ada: Person) -> None:
    await hand_in(ada, "task,Kept errand,1,2026-11-20\n", "Home.csv")
    early = (await ada.post("/recommend")).json()["tip"]["id"]
    ada.site.clock.advance(3600)  # what was made ready for the first list is over
    await hand_in(ada, "task,Zanzibar errand,4,\n", "Other.csv")
    tips = [(await ada.post("/recommend")).json()["tip"] for _ in range(30)]
    assert any("Zanzibar" in tip["content"] for tip in tips)
    assert await undo(ada) == 200
    async with ada.site.db.read() as connection:
        for table in metadata.sorted_tables:
            for row in (await connection.execute(select(table))).mappings():
                assert "Zanzibar" not in str(dict(row)), table.name
        for sealed in sealed_tables():
            assert "Zanzibar" not in str(await opened(connection, sealed)), sealed.name
        kept = await opened(connection, tip_scores)
    assert len(kept) == len(tips) + 1, "the numbers of a decision stay"
    said = {row["id"]: row["content"] for row in kept}
    assert said[early] != ""
    assert all((said[tip["id"]] == "") == ("Zanzibar" in tip["content"]) for tip in tips)
