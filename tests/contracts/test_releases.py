"""What an earlier release stored is this release's, bit for bit; a log that was broken is not."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from oo.identity.accounts import Accounts
from oo.identity.people import Profile, ensure_user
from oo.kit.clock import ManualClock
from oo.kit.errors import Forbidden
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.store import connections, data_keys, identities, tables, tasks
from oo.store.database import Database
from oo.store.migrate import differences
from oo.vault.keyring import Keyring
from oo.vault.service import Vault
from tests.peers import both_stores, releases
from tests.peers.releases import MASTER_KEY, Frozen

ROOT = Path(__file__).parents[2]
postgres_url, address = both_stores.postgres_url, both_stores.address
empty = both_stores.empty


@pytest.fixture(params=releases.RELEASES)
def frozen(request: pytest.FixtureRequest) -> Frozen:
    return releases.load(request.param)


@pytest.fixture
async def db(empty: Database, frozen: Frozen) -> Database:
    """The store of a release, migrated."""
    await releases.restore(empty, frozen)
    return empty


def replay(db: Database, folder: Path) -> "subprocess.CompletedProcess[str]":
    """`oo replay --check --decisions` on the store."""
    return subprocess.run(
        [sys.executable, "-m", "oo.cli.main", "replay", "--check", "--decisions"],
        env={"OO_DATABASE_URL": db.url, "OO_DATA_DIR": str(folder / "data"), "PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


async def test_it_has_the_shape_of_this_release(db: Database) -> None:
    assert await differences(db) == []


async def test_every_model_and_decision_comes_out_again(db: Database, frozen: Frozen) -> None:
    models = await check_models(db, find_by_key)
    drawn = await check_decisions(db, Finder().find)
    assert models.different == drawn.different == []
    assert models.models == frozen.count("user_models") > 0
    assert drawn.decisions == frozen.count("tip_scores") > 0
    assert drawn.opinions == frozen.count("shadow_scores") > 0


async def test_the_command_says_so_too(db: Database, tmp_path: Path) -> None:
    done = replay(db, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 different," in done.stdout


async def test_a_broken_log_fails_and_is_named(db: Database, tmp_path: Path) -> None:
    async with db.write() as connection:
        f = tables.feedback.c
        newest = select(f.user_id, f.user_seq).where(f.late.is_(False)).order_by(f.user_seq)
        user_id, user_seq = (await connection.execute(newest.limit(1))).one()
        await connection.execute(
            update(tables.feedback)
            .where(f.user_id == user_id, f.user_seq == user_seq)
            .values(reward=0.123)
        )
    done = replay(db, tmp_path)
    assert done.returncode == 1
    assert user_id in done.stderr
    assert "came out different" in done.stdout


async def test_people_find_what_they_had(db: Database, frozen: Frozen) -> None:
    clock = ManualClock(frozen.rows[0].values["created_at"])
    vault = Vault(Keyring({"frozen": MASTER_KEY}), clock)
    living = {
        row.values["id"]: row.values
        for row in frozen.rows
        if row.table == "users" and row.values["deleted_at"] is None
    }
    opened = 0
    for user_id in living:
        kept = [row.values for row in frozen.rows if row.table == "tasks"]
        titles = {it["title"] for it in kept if it["user_id"] == user_id and not it["completed_at"]}
        async with db.read() as connection:
            assert {task.title for task in await tasks.list_open(connection, user_id)} == titles
            for row in await connections.list_for(connection, user_id):
                if row.secret is not None:
                    grant = await vault.open(connection, user_id, f"grant {row.source}", row.secret)
                    opened += b'"refresh_token":"r"' in grant
            assert await data_keys.of(connection, [user_id]) or row.secret is None
    assert opened == frozen.count("data_keys") > 0


async def test_people_sign_in_as_who_they_were(db: Database, frozen: Frozen) -> None:
    people = [row.values for row in frozen.rows if row.table == "users"]
    assert people
    issuer, clock = "https://login.test", ManualClock(datetime(2026, 11, 26, tzinfo=UTC))
    async with db.write() as connection:
        for name in {it["provider"] for it in people}:
            await identities.adopt(connection, name, issuer)
            await identities.adopt(connection, name, issuer)  # as at every start
        for it in people:
            profile = Profile(issuer, it["subject"], it["email"], it["name"])
            if it["deleted_at"] is None:
                assert await ensure_user(connection, profile, clock) == it["id"]
            else:
                with pytest.raises(Forbidden):
                    await ensure_user(connection, profile, clock)
        if db.is_sqlite:  # whose table of people was made anew under those that refer to it
            assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []


async def test_sessions_go_on(
    db: Database, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = next(row.values for row in frozen.rows if row.table == "sessions")
    monkeypatch.setattr("oo.identity.accounts.hash_token", lambda cookie: cookie)
    clock = ManualClock(row["created_at"])
    found = await Accounts(db, clock).of(row["token_hash"])
    assert found.user_id == row["user_id"]
