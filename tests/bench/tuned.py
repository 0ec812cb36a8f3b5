"""Baseline *tuned*: one uvicorn + FastAPI process that keeps everything in memory.

The same rows and guarantees as *naive*, but sessions, pools and states live in the process and
one writer thread commits whatever has come together, as an expert would write it without Ray.
"""

import asyncio
import hashlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response

from oo.domain.statistics import Statistics
from oo.domain.tasks import Task
from tests.bench import naive

app = FastAPI()
Work = Callable[[sqlite3.Connection], Any]


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
            results = await loop.run_in_executor(self._thread, self._transact, works)
            for (_, future), result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
        self._busy = None

    def _transact(self, works: list[Work]) -> list[Any]:
        results: list[Any] = []
        self._db.execute("BEGIN IMMEDIATE")
        for work in works:
            try:
                results.append(work(self._db))
            except HTTPException as error:
                results.append(error)
        self._db.execute("COMMIT")
        return results


class Memory:
    """What the process knows; it is the only one, so nothing else can change it."""

    def __init__(self) -> None:
        self.db = naive.connect()
        self.writer = Writer()
        self.sessions: dict[str, str] = {}
        self.pools: dict[str, list[tuple[sqlite3.Row, Task]]] = {}
        self.states: dict[str, Statistics] = {}

    def person(self, request: Request) -> str:
        cookie = request.cookies.get("sid", "")
        if cookie not in self.sessions:
            token = hashlib.sha256(cookie.encode()).hexdigest()
            query = "SELECT user_id FROM sessions WHERE token_hash = ?"
            row = self.db.execute(query, (token,)).fetchone()
            if row is None:
                raise HTTPException(401)
            self.sessions[cookie] = row[0]
        return self.sessions[cookie]


memory: Memory


@app.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/recommend")
async def recommend(request: Request) -> Response:
    user_id = memory.person(request)
    if user_id not in memory.pools:
        memory.pools[user_id] = naive.pool(memory.db, user_id)
    if user_id not in memory.states:
        memory.states[user_id] = naive.statistics(memory.db, user_id)
    tip, values = naive.decide(memory.states[user_id], memory.pools[user_id], user_id)
    await memory.writer.run(lambda db: db.execute(naive.LOG, values))
    return Response(orjson.dumps({"tip": tip, "reason": None}), media_type="application/json")


@app.post("/feedback")
async def feedback(request: Request) -> Response:
    user_id = memory.person(request)
    body = naive.Feedback.model_validate(orjson.loads(await request.body()))
    key = request.headers["idempotency-key"]
    answer = await memory.writer.run(lambda db: naive.react(db, user_id, key, body))
    memory.states.pop(user_id, None)
    memory.pools.pop(user_id, None)
    return Response(orjson.dumps(answer), media_type="application/json")


if __name__ == "__main__":
    memory = Memory()
    uvicorn.run(app, port=int(os.environ["OO_PORT"]), log_level="warning", access_log=False)
