"""Promoting an adapter and going back, each in one audited row."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml.finetuning.adapters import WEIGHTS, folder_of, keep, parse
from ml.generation.settings import TIP_GENERATOR
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.kit.settings import Settings
from oo.mlops.adapters import promote, rollback
from oo.mlops.roles import Order
from oo.store import adapters as store
from oo.store.database import Database
from tests.peers.store import fresh_store

ORDER = Order("ada", "fewer dismissals", datetime(2026, 11, 21, 9, tzinfo=UTC))


def adapter(data: Path, content: str) -> str:
    made = data / content
    made.mkdir()
    for name in WEIGHTS:
        (made / name).write_text(content)
    return str(keep(made, "reactions", data))


async def in_force(db: Database) -> str | None:
    async with db.read() as connection:
        return (await store.current(connection)).by_alias.get(TIP_GENERATOR)


async def test_the_last_promoted_is_in_force_and_going_back_unwinds(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first, second = adapter(tmp_path, "first"), adapter(tmp_path, "second")
    async with fresh_store(tmp_path) as db:
        for name in (first, second):
            assert await promote(db, settings, name, ORDER) == name
        assert await in_force(db) == second
        assert await rollback(db, ORDER) == (second, first)
        assert await rollback(db, ORDER) == (first, None)
        assert await in_force(db) is None
        with pytest.raises(Conflict, match="base model answers alone"):
            await rollback(db, ORDER)
        async with db.read() as connection:
            history = await store.history(connection)
    assert [one.role for one in history] == ["promoted"] * 2 + ["rolled_back"] * 2
    assert {(one.actor, one.reason) for one in history} == {("ada", "fewer dismissals")}


async def test_what_is_not_there_as_its_version_says_is_not_promoted(tmp_path: Path) -> None:
    settings, name = Settings(data_dir=tmp_path), adapter(tmp_path, "first")
    ref = name.partition("@")
    async with fresh_store(tmp_path) as db:
        with pytest.raises(BadRequest):
            await promote(db, settings, "reactions", ORDER)
        with pytest.raises(NotFound, match="no adapter"):
            await promote(db, settings, f"{ref[0]}@{'0' * 12}", ORDER)
        await promote(db, settings, name, ORDER)
        with pytest.raises(Conflict):
            await promote(db, settings, name, ORDER)
        found = parse(name)
        assert found is not None
        (folder_of(found, tmp_path) / WEIGHTS[0]).write_text("changed")
        await rollback(db, ORDER)
        with pytest.raises(NotFound, match="not what its version says"):
            await promote(db, settings, name, ORDER)
        assert await in_force(db) is None
