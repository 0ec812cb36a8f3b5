"""Statements of every request, run without SQLAlchemy's engine, answer what it would."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.sql.base import Executable

from oo.kit.clock import ManualClock, SystemClock
from oo.store.database import Database
from oo.store.tables import UtcDateTime, feedback, outbox, users
from tests.peers.store import add_person, fresh_store

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PEOPLE = (
    select(users.c.id, users.c.email, users.c.created_at, users.c.deleted_at)
    .where(users.c.id.in_(bindparam("people", expanding=True)))
    .order_by(users.c.id)
)
PEOPLE_SINCE = select(users.c.id, users.c.created_at, users.c.changed_at).order_by(users.c.id)
PAIRS = select(users.c.id).where(
    tuple_(users.c.id, users.c.email).in_(bindparam("pairs", expanding=True)),
    users.c.timezone.in_(["UTC", "other"]),  # the statement's own list
)
ADVANCE = (
    update(users)
    .where(users.c.id == bindparam("person"))
    .values(
        user_seq=users.c.user_seq + bindparam("by"),
        changed_at=func.coalesce(users.c.changed_at, bindparam("at")),
    )
)
PUT = insert(outbox)
SINCE = PEOPLE.where(users.c.created_at > bindparam("since"))


async def both(
    db: Database, statement: Executable, parameters: Mapping[str, Any]
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    async with db.read() as connection:
        wanted = [tuple(row) for row in await connection.execute(statement, dict(parameters))]
    async with db.read_hot() as hot:
        found = [tuple(row) for row in await hot.execute(statement, dict(parameters))]
    return found, wanted


@pytest.mark.parametrize("count", range(6))
async def test_lists_of_any_length_and_types_are_read_alike(tmp_path: Path, count: int) -> None:
    async with fresh_store(tmp_path) as db:
        people = [await add_person(db, SystemClock(), f"p{n}") for n in range(6)]
        found, wanted = await both(db, PEOPLE, {"people": people[:count]})
        assert found == wanted
        assert len(found) == count
        asked = {"people": people[:count], "since": NOW}  # a list and a value that is none
        assert await both(db, SINCE, asked) == (wanted, wanted)
        pairs = [(person, f"p{n}@example.org") for n, person in enumerate(people[:count])]
        found, wanted = await both(db, PAIRS, {"pairs": pairs})
        assert sorted(found) == sorted(wanted)
        assert len(found) == count


async def test_a_value_that_is_named_twice_and_instants_of_any_zone_are_bound_alike(
    tmp_path: Path,
) -> None:
    async with fresh_store(tmp_path) as db:
        clock = ManualClock(NOW)
        for number in range(3):
            await add_person(db, clock, f"p{number}")
            clock.advance(0.000001 if number else 3600)  # some with a part of a second
        at = bindparam("at", type_=UtcDateTime)
        query = PEOPLE_SINCE.where((users.c.created_at > at) | (users.c.changed_at > at))
        for zone in (UTC, timezone(timedelta(hours=-9, minutes=-30))):
            found, wanted = await both(db, query, {"at": NOW.astimezone(zone)})
            assert found == wanted
            assert len(found) == 2
        with pytest.raises(ValueError, match="naive"):
            async with db.read_hot() as hot:
                await hot.execute(query, {"at": NOW.replace(tzinfo=None)})


async def test_rows_are_written_as_sqlalchemy_writes_them(tmp_path: Path) -> None:
    async with fresh_store(tmp_path) as db:
        person = await add_person(db, SystemClock())
        rows: Sequence[dict[str, Any]] = [
            {"user_id": person, "subject": "s", "payload": {"n": n, "é": [1.5]}, "created_at": NOW}
            for n in range(3)
        ]
        async with db.write() as connection:
            await connection.execute(PUT, rows)
        async with db.write_hot() as hot:
            await hot.execute(PUT, rows)
            done = await hot.execute(ADVANCE, {"person": person, "by": 2, "at": NOW})
            assert done.rowcount == 1
        async with db.read() as connection:
            query = select(outbox.c.subject, outbox.c.payload, outbox.c.created_at)
            kept = [tuple(row) for row in await connection.execute(query.order_by(outbox.c.id))]
            raw = await connection.exec_driver_sql("SELECT payload, created_at FROM outbox")
            as_stored = raw.all()
            row = (await connection.execute(select(users.c.user_seq, users.c.changed_at))).one()
        assert kept[:3] == kept[3:]
        assert as_stored[:3] == as_stored[3:]
        assert tuple(row) == (2, NOW)


async def test_a_transaction_that_raises_leaves_nothing_and_the_next_one_works(
    tmp_path: Path,
) -> None:
    async with fresh_store(tmp_path) as db:
        person = await add_person(db, SystemClock())
        row = {"user_id": person, "subject": "s", "payload": {}, "created_at": NOW}

        async def stopped() -> None:
            async with db.write_hot() as hot:
                await hot.execute(PUT, [row])
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            await stopped()
        async with db.write_hot() as hot:
            await hot.execute(PUT, [row])
            # what it wrote, it sees itself
            assert len((await hot.execute(select(outbox.c.id))).all()) == 1
        async with db.write() as connection:
            await connection.execute(delete(outbox))


async def test_a_statement_with_lists_takes_one_row(tmp_path: Path) -> None:
    async with fresh_store(tmp_path) as db, db.read_hot() as hot:
        with pytest.raises(ValueError, match="one row at a time"):
            await hot.execute(PEOPLE, [{"people": ["a"]}, {"people": ["b"]}])
        nothing = await hot.execute(select(feedback.c.user_id))
        assert nothing.first() is None
