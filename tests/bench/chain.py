"""What those who run the chain in few processes share: memory of people, and grouped commits.

*tuned* is all of it in one process. BentoML and LitServe have one process that answers HTTP, which
owns the memory, and others that rank: these know a state by its number of reactions.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

import orjson
from fastapi import HTTPException, Request, Response

from oo.domain.tasks import Task
from tests.bench import naive

Kept = TypeVar("Kept")
Work = Callable[[sqlite3.Connection], Any]
Pool = list[tuple[sqlite3.Row, Task]]


def transact(db: sqlite3.Connection, works: list[Work]) -> list[Any]:
    """What all pieces of work gave, or their HTTP errors, committed as one transaction."""
    results: list[Any] = []
    db.execute("BEGIN IMMEDIATE")
    try:
        for work in works:
            try:
                results.append(work(db))
            except HTTPException as error:
                results.append(error)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return results


class Writer:
    """Runs pieces of work in one thread, all that wait in one transaction."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._db = naive.connect()
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._busy: asyncio.Task[None] | None = None

    async def run(self, work: Work) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._busy is None:
            self._busy = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            works = [work for work, _ in batch]
            try:
                results = await loop.run_in_executor(self._thread, transact, self._db, works)
            except Exception as error:
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
        self._busy = None


class Fenced(Generic[Kept]):
    """What is kept of people as of a number of reactions, and read anew once there were more."""

    def __init__(self, db: sqlite3.Connection, read: Callable[[sqlite3.Connection, str], Kept]):
        self._db = db
        self._read = read
        self._kept: dict[str, tuple[int, Kept]] = {}

    def of(self, user_id: str, seq: int) -> Kept:
        """What holds for a person who had so many reactions."""
        kept = self._kept.get(user_id)
        if kept is None or kept[0] < seq:
            kept = self._kept[user_id] = (seq, self._read(self._db, user_id))
        return kept[1]


class Memory:
    """What the process that answers HTTP knows; no other takes reactions or ends sessions."""

    def __init__(self) -> None:
        self.db = naive.connect()
        self.writer = Writer()
        self.sessions: dict[str, str] = {}
        self.seqs: dict[str, int] = {}
        self.pools = Fenced(self.db, naive.pool)

    def person(self, request: Request) -> str:
        """The person behind the cookie."""
        cookie = request.cookies.get("sid", "")
        if cookie not in self.sessions:
            token = hashlib.sha256(cookie.encode()).hexdigest()
            query = "SELECT user_id FROM sessions WHERE token_hash = ?"
            row = self.db.execute(query, (token,)).fetchone()
            if row is None:
                raise HTTPException(401)
            self.sessions[cookie] = row[0]
        return self.sessions[cookie]

    def seq(self, user_id: str) -> int:
        """How many reactions of the person are committed."""
        if user_id not in self.seqs:
            query = "SELECT user_seq FROM users WHERE id = ?"
            self.seqs[user_id] = self.db.execute(query, (user_id,)).fetchone()[0]
        return self.seqs[user_id]

    async def react(self, request: Request) -> Response:
        """Take a reaction; the answer goes when it is committed."""
        user_id = self.person(request)
        body = naive.Feedback.model_validate(orjson.loads(await request.body()))
        key = request.headers["idempotency-key"]
        answer = await self.writer.run(lambda db: naive.react(db, user_id, key, body))
        self.seqs.pop(user_id, None)
        return as_json(answer)


def as_json(answer: dict[str, Any]) -> Response:
    """The answer, encoded."""
    return Response(orjson.dumps(answer), media_type="application/json")
