"""oO's chain on BentoML: a service that answers HTTP, and one that ranks.

As its documentation has it: services that depend on each other (`bentoml.depends`: processes of
their own, pickled calls over a Unix socket), adaptive batching where it is ranked, and an ASGI
application mounted for what needs cookies, headers and status codes. Chosen for speed:

- routes that ask for the service themselves: as its methods, each request would wait for a thread;
- ranking as a coroutine, which spares a thread per batch;
- one worker each: only the one process that owns the memory can do without a read per request, and
  two cores hold no more;
- a client between the two that is never renewed: by default it is every 100 requests, and those
  under way fail (BentoML's issue 5540);
- no access log, metrics and tracing, here and in `systems.py`; uvicorn takes uvloop and httptools
  by itself.
"""

import secrets
from typing import Annotated, Any

import bentoml
import numpy as np
from bentoml.validators import ContentType
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

from ml.policies.egreedy_v1 import POLICY
from oo.domain.policies import Pick, pick
from tests.bench import naive
from tests.bench.chain import Fenced, Memory, as_json

QUIET: dict[str, Any] = {
    "workers": 1,
    "traffic": {"timeout": 10},
    "metrics": {"enabled": False},
    "tracing": {"excluded_urls": [".*"]},
    "logging": {"access": {"enabled": False}},
    "runner_connection": {"max_requests": 1_000_000_000, "max_age": 86_400.0},
}
# where the type of an answer is not named, its JSON schema is made anew for each
PICKLED = ContentType("application/vnd.bentoml+pickle")
app = FastAPI()


class Asked(BaseModel):
    """Candidates of a person who had `seq` reactions: `x` is (K, features) of float64, raw."""

    user_id: str
    seq: int
    seed: int
    x: bytes


class Ranked(BaseModel):
    """What was picked by a state of `seq` reactions: the K propensities and scores."""

    chosen: int
    propensities: list[float]
    scores: list[float]
    seq: int


@bentoml.service(**QUIET)
class Ranker:
    """Scores and picks; keeps the states of people."""

    def __init__(self) -> None:
        self.states = Fenced(naive.connect(), naive.statistics)

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=2000)
    async def rank(self, asked: list[Asked]) -> Annotated[list[Ranked], PICKLED]:
        """What is picked for each, in their order."""
        return [self._one(one) for one in asked]

    def _one(self, asked: Asked) -> Ranked:
        state = self.states.of(asked.user_id, asked.seq)
        x = np.frombuffer(asked.x).reshape(-1, len(POLICY.features))
        picked = pick(POLICY, POLICY.posterior(state), x, asked.seed)
        return Ranked(
            chosen=picked.chosen,
            propensities=picked.propensities.tolist(),
            scores=picked.scores.tolist(),
            seq=int(state.n),
        )


@bentoml.service(**QUIET)
@bentoml.asgi_app(app, path="/")
class Tips:
    """Sessions, pools and features; decisions and reactions are committed here."""

    ranker = bentoml.depends(Ranker)

    def __init__(self) -> None:
        self.memory = Memory()

    async def recommend(self, user_id: str) -> Response:
        """A tip; the answer goes when its decision is committed."""
        memory = self.memory
        seq = memory.seq(user_id)
        candidates = memory.pools.of(user_id, seq)
        features, x = naive.columns(candidates)
        seed = secrets.randbits(63)
        asked = Asked(user_id=user_id, seq=seq, seed=seed, x=np.ascontiguousarray(x).tobytes())
        (ranked,) = await self.ranker.rank([asked])
        picked = Pick(ranked.chosen, np.array(ranked.scores), np.array(ranked.propensities))
        tip, values = naive.logged(user_id, candidates, features, seed, picked, ranked.seq)
        await memory.writer.run(lambda db: db.execute(naive.LOG, values))
        return as_json({"tip": tip, "reason": None})


@app.get("/health/live")
async def live() -> dict[str, str]:
    if not await bentoml.get_current_service().ranker.is_ready():
        raise HTTPException(503)
    return {"status": "ok"}


@app.post("/recommend")
async def recommend(request: Request) -> Response:
    service: Tips = bentoml.get_current_service()
    return await service.recommend(service.memory.person(request))


@app.post("/feedback")
async def feedback(request: Request) -> Response:
    service: Tips = bentoml.get_current_service()
    return await service.memory.react(request)
