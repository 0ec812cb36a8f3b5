"""Baseline *tuned*: one uvicorn + FastAPI process that keeps everything in memory.

The same rows and guarantees as *naive*, but sessions, pools and states live in the process and
one writer thread commits whatever has come together, as an expert would write it without Ray.
"""

import os

import uvicorn
from fastapi import FastAPI, Request, Response

from oo.domain.statistics import Statistics
from tests.bench import naive
from tests.bench.chain import Fenced, Memory, as_json

app = FastAPI()
memory: Memory
states: Fenced[Statistics]


@app.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/recommend")
async def recommend(request: Request) -> Response:
    user_id = memory.person(request)
    seq = memory.seq(user_id)
    tip, values = naive.decide(states.of(user_id, seq), memory.pools.of(user_id, seq), user_id)
    await memory.writer.run(lambda db: db.execute(naive.LOG, values))
    return as_json({"tip": tip, "reason": None})


@app.post("/feedback")
async def feedback(request: Request) -> Response:
    return await memory.react(request)


if __name__ == "__main__":
    memory = Memory()
    states = Fenced(memory.db, naive.statistics)
    uvicorn.run(app, port=int(os.environ["OO_PORT"]), log_level="warning", access_log=False)
