"""The transaction that every tip waits for: how people stand, and the decisions made on that."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from oo.domain.decisions import Decision
from oo.store import decisions
from oo.store.database import Database
from oo.store.sqlite.compiled_query import CompiledInsert
from oo.store.sqlite.driver import InlineConnection
from oo.store.tables import tip_scores
from oo.store.users import Head, Heads


class Transaction(Protocol):
    """It is committed when its block ends, rolled back when that raises."""

    async def heads(self, user_ids: Collection[str]) -> dict[str, Head]:
        """How these people stand, by id; none of them is erased before the end."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for what else has to be read before the first decision is appended."""

    async def append(self, made: Sequence[Decision]) -> None:
        """Log decisions."""


class DecisionLog:
    """Begins such transactions; one per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._heads = Heads(db)
        made = [column.name for column in tip_scores.c if column is not tip_scores.c.seen_at]
        self._insert = CompiledInsert(tip_scores, made) if db.is_sqlite else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One, on the store as it is; see :meth:`Database.write`."""
        if self._insert is None:
            async with self._db.write() as connection:
                yield _OnPostgres(connection, self._heads)
        else:
            async with self._db.write_inline() as inline:
                yield _OnSqlite(inline, self._insert, self._heads, self._db)


class _OnPostgres:
    def __init__(self, connection: AsyncConnection, heads: Heads) -> None:
        self._connection = connection
        self._heads = heads

    async def heads(self, user_ids: Collection[str]) -> dict[str, Head]:
        return await self._heads.of(self._connection, user_ids)

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return nullcontext(self._connection)

    async def append(self, made: Sequence[Decision]) -> None:
        await decisions.append(self._connection, made)


class _OnSqlite:
    """What it reads, it reads beside the transaction: nobody else can write while that is open."""

    def __init__(
        self, inline: InlineConnection, into: CompiledInsert, heads: Heads, db: Database
    ) -> None:
        self._inline = inline
        self._into = into
        self._heads = heads
        self._db = db

    async def heads(self, user_ids: Collection[str]) -> dict[str, Head]:
        return await self._heads.of(None, user_ids)

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._db.read()

    async def append(self, made: Sequence[Decision]) -> None:
        await self._into.run(self._inline, decisions.rows_of(made))
