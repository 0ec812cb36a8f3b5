"""Filled stores, which may stay for another time."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from oo.jobs.counting import keep
from oo.kit.clock import SystemClock
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.vault.service import Vault
from tests.bench.console.filling import fill
from tests.peers.postgres import PostgresPeer
from tests.peers.vault import KEYRING


@contextmanager
def store(kind: str, folder: Path) -> Iterator[str]:
    """The address of the store in that folder, an empty one if there is none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder}/bench.db"
        return
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = PostgresPeer(folder, syncs=False)
    if not server.data.exists():
        server.make()
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


async def prepared(url: str, folder: Path, people: int, tips: int) -> None:
    """Migrate, fill and count it, unless that was done before."""
    done = folder / "filled"
    if done.exists():
        return
    clock = SystemClock()
    begun = clock.monotonic()
    db = Database(url, Vault(KEYRING, clock))
    await migrate(db)
    async with db.write() as connection:
        # up to now: what the clock has not reached yet is nobody's
        await fill(connection, people, tips, clock.now())
    async with db.write() as connection:
        await connection.execute(text("ANALYZE"))
    filled = clock.monotonic()
    hours = await keep(db, clock)
    again = clock.monotonic()
    await keep(db, clock)
    ended = clock.monotonic()
    await db.close()
    done.touch()
    sys.stderr.write(
        f"{url.partition(':')[0]}, {tips:,}: filled in {filled - begun:.0f} s, {hours} hours and"
        f" days counted in {again - filled:.1f} s, another look {1000 * (ended - again):.0f} ms\n"
    )
