"""Every table says what it is kept for; retention, export and erasure follow from that."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from oo.identity import takein as takein_module
from oo.identity.takein import takein
from oo.identity.takeout import takeout
from oo.jobs.periodic import retention as job
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, Conflict
from oo.kit.setting_groups import Retention
from oo.store import portable
from oo.store.category import EXCLUDED, Category, amount, categories, held_in_order
from oo.store.database import Database
from oo.store.portable import WITHHELD
from oo.store.tables import metadata
from tests.contracts.rows_of_all import NOW, all_rows, fill_all
from tests.peers import both_stores

postgres_url, address, db = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.with_tables,
)
ADA, BOB = "ada" + "0" * 29, "bob" + "0" * 29
CLOCK = ManualClock(NOW)
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
every_category = pytest.mark.parametrize("category", categories().values(), ids=categories())


async def exported(db: Database, user_id: str, file: Path) -> zipfile.ZipFile:
    pieces = [piece async for piece in takeout(db, user_id, NOW)]
    file.write_bytes(b"".join(pieces))  # noqa: ASYNC240 - nothing else waits in a test
    return zipfile.ZipFile(file)


def test_each_table_belongs_to_one_category_or_is_left_out_for_a_reason() -> None:
    held = [one.name for category in categories().values() for one in category.holds]
    assert len(held) == len(set(held))
    assert set(metadata.tables) - set(held) == set(EXCLUDED)
    assert all(len(reason) > 10 for reason in EXCLUDED.values())


def test_no_table_of_people_is_left_out() -> None:
    left_out = [name for name in EXCLUDED if "user_id" in metadata.tables[name].columns]
    assert left_out == []


@every_category
def test_it_says_what_it_is_and_how_long_it_is_kept(category: Category) -> None:
    assert category.title
    assert category.words.endswith(".")
    assert category.kept(Retention())
    assert bool(category.erase) == bool(category.erased)
    for held in category.holds:
        names = {*held.withheld, *([held.at] if held.at else [])}
        assert names <= set(held.table.c.keys())
        assert all(held.withheld.values())


async def test_an_export_is_complete_and_of_nobody_else(db: Database, tmp_path: Path) -> None:
    async with db.write() as connection:
        await fill_all(connection, ADA, 3)
    async with db.read() as connection:
        stored = await all_rows(connection, ADA)
    archive = await exported(db, ADA, tmp_path / "ada.zip")
    schema = json.loads(archive.read("schema.json"))
    found = {}
    for held in held_in_order():
        name = held.name
        found[name] = json.loads(archive.read(f"json/{name}.json"))
        cells = list(csv.reader(io.StringIO(archive.read(f"csv/{name}.csv").decode())))
        assert cells[0] == [column.name for column in held.columns]
        assert len(cells) - 1 == len(found[name]) == len(stored.pop(name))
        for row in found[name]:
            kept = {key for key, value in row.items() if value != WITHHELD}
            assert kept == {column.name for column in held.columns} - set(held.withheld)
    assert stored == {}, "these tables of people are not in the export"
    jsonschema.validate(found, schema)
    assert archive.testzip() is None
    assert not any(b"bob" in archive.read(name) for name in archive.namelist())


@sqlite
async def test_an_export_of_many_rows_is_made_page_by_page(db: Database, tmp_path: Path) -> None:
    async with db.write() as connection:
        await fill_all(connection, ADA, 450)
    largest = max([len(piece) async for piece in takeout(db, ADA, NOW)])
    archive = await exported(db, ADA, tmp_path / "ada.zip")
    numbers = [row["user_seq"] for row in json.loads(archive.read("json/feedback.json"))]
    assert numbers == list(range(1, 451))
    assert largest < 64 * 1024


@sqlite
async def test_a_title_is_no_formula_of_who_opens_the_table(db: Database, tmp_path: Path) -> None:
    tasks = metadata.tables["tasks"]
    async with db.write() as connection:
        await fill_all(connection, ADA)
        await connection.execute(tasks.update().values(title='=HYPERLINK("x")', sealed=None))
    archive = await exported(db, ADA, tmp_path / "ada.zip")
    assert "'=HYPERLINK" in archive.read("csv/tasks.csv").decode()
    assert json.loads(archive.read("json/tasks.json"))[0]["title"] == '=HYPERLINK("x")'


async def test_who_moves_has_what_they_had(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (portable, takein_module):
        monkeypatch.setattr(module, "PAGE", 2)
    async with db.write() as connection:
        await fill_all(connection, ADA, 5)
    async with db.read() as connection:
        before = await all_rows(connection, ADA)
    await exported(db, ADA, tmp_path / "ada.zip")
    async with db.write() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    arrived = await takein(db, CLOCK, tmp_path / "ada.zip", "test")
    assert arrived.user_id == ADA
    async with db.read() as connection:
        after = await all_rows(connection, ADA)
    returning = {held.name: held for held in held_in_order() if held.returns}
    for name, rows in after.items():
        expected = before[name] if name in returning else []
        if name == "data_keys":  # a key of their own, of this oO
            assert [row["wrapped"] for row in rows] != [row["wrapped"] for row in before[name]]
            expected = rows
        if name == "users":
            rows[0]["user_seq"] = expected[0]["user_seq"]  # what the log says
        if name == "connections":
            assert {row["secret"] for row in rows} == {None}
            expected = [{**row, "secret": None} for row in expected]
        assert rows == expected, name
    with pytest.raises(Conflict, match="already"):
        await takein(db, CLOCK, tmp_path / "ada.zip", "test")


@sqlite
@pytest.mark.parametrize("damage", ["cut", "no manifest", "somebody else", "no zip"])
async def test_what_is_no_export_changes_nothing(db: Database, tmp_path: Path, damage: str) -> None:
    async with db.write() as connection:
        await fill_all(connection, ADA)
    archive = await exported(db, ADA, tmp_path / "ada.zip")
    bad = tmp_path / "bad.zip"
    if damage == "cut":
        bad.write_bytes((tmp_path / "ada.zip").read_bytes()[:-200])
    elif damage == "no zip":
        bad.write_text("hello")
    else:
        with zipfile.ZipFile(bad, "w") as made:
            for name in archive.namelist():
                data = archive.read(name)
                if damage == "somebody else" and name == "json/tasks.json":
                    data = data.replace(ADA.encode(), BOB.encode())
                if damage != "no manifest" or name != "manifest.json":
                    made.writestr(name, data)
    async with db.write() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    with pytest.raises(BadRequest, match="cannot be read as an export"):
        await takein(db, CLOCK, bad, "test")
    async with db.read() as connection:
        assert not any((await all_rows(connection, ADA)).values())


async def test_what_is_too_old_goes_and_nothing_else(db: Database) -> None:
    clock = ManualClock(NOW)
    async with db.write() as connection:
        await fill_all(connection, ADA)
    async with db.read() as connection:
        counted = [await amount(connection, one, ADA) for one in categories().values()]
    assert min(it.rows for it in counted) >= 1
    assert {it.oldest for it in counted} == {NOW}
    clock.advance(400 * 24 * 3600)
    assert await job.run(db, clock, Retention()) > 0
    async with db.read() as connection:
        left = {name for name, rows in (await all_rows(connection, ADA)).items() if rows}
    never = [one for one in categories().values() if not one.purges]
    # a connection lasts until its person ends it
    assert left - {"connections"} == {it.name for one in never for it in one.holds}


async def test_a_decision_ends_and_its_reaction_keeps_its_numbers(db: Database) -> None:
    async with db.write() as connection:
        await fill_all(connection, ADA)
    async with db.read() as connection:
        before = await all_rows(connection, ADA)
    for days, left in ((6, 2), (8, 0)):
        clock = ManualClock(NOW + timedelta(days=days))
        await job.run(db, clock, Retention(decisions_days=7))
        async with db.read() as connection:
            after = await all_rows(connection, ADA)
        assert len(after["tip_scores"]) == left
        assert after["feedback"] == before["feedback"]
