"""Reading for the console: beside the connections that tips are served on, and unable to write.

A statement on SQLite otherwise runs inline in the event loop (decision 4), which is right for
microseconds and wrong for a count over a month. Here each connection has a thread of its own, and
a statement that takes too long is stopped.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import orjson
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from oo.kit.errors import Unavailable
from oo.store.database import BUSY_TIMEOUT_MS, Database
from oo.store.sealing import OPTION, Sealer
from oo.store.sqlite.prepared import json_of

CONNECTIONS = 3  # more admins than these wait for one another, and nobody waits for admins
TIME_LIMIT_S = 10.0
CANCELLED = "57014"  # query_canceled
# until the transaction ends; to compile such a statement takes longer than to run it
_BOUNDED = text(
    "SELECT set_config('transaction_read_only', 'on', true),"
    " set_config('statement_timeout', :limit, true), set_config('jit', 'off', true)"
)


class TooSlow(Unavailable):
    """The answer would have taken longer than anybody is given."""

    code, title = "query_too_slow", "That takes too long"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The store was asked for {seconds:g} s and then stopped. Choose a shorter time range"
            " or fewer filters.",
            retry_after=1,
        )


class ReadOnly:
    """Connections that cannot write, and that end what takes longer than `TIME_LIMIT_S`.

    `sealer` is the vault that opens words of people.
    """

    def __init__(self, url: str, sealer: Sealer | None = None) -> None:
        self.url = url
        self.is_sqlite = Database.is_of_sqlite(url)
        options: dict[str, Any] = {
            "json_serializer": json_of,
            "json_deserializer": orjson.loads,
            "execution_options": {OPTION: sealer},
        }
        if self.is_sqlite:
            path = Path(make_url(url).database or "").absolute()
            options |= {
                "poolclass": AsyncAdaptedQueuePool,
                "async_creator": partial(_open, path),
            }
        self._engine: AsyncEngine = create_async_engine(
            url, pool_size=CONNECTIONS, max_overflow=0, **options
        )
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare)

    @asynccontextmanager
    async def read(self, seconds: float = TIME_LIMIT_S) -> AsyncIterator[AsyncConnection]:
        """A connection in one read-only transaction; raises TooSlow when it takes longer."""
        async with self._engine.connect() as connection:
            driver: Any = None
            if self.is_sqlite:
                # now: a statement that was cut off leaves a connection that tells it no more
                driver = (await connection.get_raw_connection()).driver_connection
            else:
                await connection.execute(_BOUNDED, {"limit": str(round(seconds * 1000))})
            # before the waiting is cut off: whoever closes the connection waits for its thread
            ends = driver and asyncio.get_running_loop().call_later(
                seconds, lambda: asyncio.ensure_future(driver.interrupt())
            )
            try:
                async with asyncio.timeout(seconds + (1.0 if driver else 0.0)):
                    yield connection
            except TimeoutError:
                if driver is not None:
                    with suppress(ValueError):  # it is closed already
                        await driver.interrupt()
                raise TooSlow(seconds) from None
            except DBAPIError as error:  # PostgreSQL's own limit may come first
                if getattr(error.orig, "sqlstate", None) == CANCELLED:
                    raise TooSlow(seconds) from None
                if driver is not None and f"{error.orig}" == "interrupted":
                    raise TooSlow(seconds) from None
                raise
            finally:
                if ends:
                    ends.cancel()

    async def close(self) -> None:
        """End all connections."""
        await self._engine.dispose()


@asynccontextmanager
async def aside(db: Database, seconds: float = TIME_LIMIT_S) -> AsyncIterator[AsyncConnection]:
    """A connection for counts over everybody that come seldom, in whose way no request stands.

    Raises TooSlow when it takes longer.
    """
    if not db.is_sqlite:
        try:
            async with asyncio.timeout(seconds), db.read() as connection:
                yield connection
        except TimeoutError:
            raise TooSlow(seconds) from None
        return
    store = ReadOnly(db.url, db.sealer)
    try:
        async with store.read(seconds) as connection:
            yield connection
    finally:
        await store.close()


async def _open(path: Path) -> aiosqlite.Connection:
    return await aiosqlite.connect(f"file:{path}?mode=ro", uri=True)


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()
