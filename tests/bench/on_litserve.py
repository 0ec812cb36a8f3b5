"""oO's chain on LitServe: its HTTP server, and a worker that ranks.

As its documentation has it: the session is a dependency of the route, the rest of a tip is the
lifecycle of a `LitAPI` in a worker process: `setup` opens the store, `decode_request` finds pool
and features, `predict` ranks all that came together and commits them as one, `encode_response`
writes JSON. Reactions, which need no ranking, are a route of the server's own FastAPI application.
One HTTP process, which owns the memory, and one worker: two cores hold no more. Batches of up to 64
that wait for 2 ms at most, since a batch always waits as long as it may; the fast queue, which this
release takes and does not use; access log, OpenAPI and the generated client off, uvloop and
httptools as uvicorn takes them by itself.
"""

import os
from typing import Annotated, Any, NamedTuple

import litserve
from fastapi import Depends, Request, Response

from oo.domain.statistics import Statistics
from tests.bench import naive
from tests.bench.chain import Fenced, Memory, Pool, as_json, transact


class Asked(NamedTuple):
    """A person who had so many reactions."""

    user_id: str
    seq: int


class Http:
    """The memory of the HTTP process, made there: LitServe forks it."""

    memory: Memory | None = None

    def __call__(self) -> Memory:
        if self.memory is None:
            self.memory = Memory()
        return self.memory


http = Http()


async def person(request: Request) -> Asked:
    """Who asks."""
    user_id = http().person(request)
    return Asked(user_id, http().seq(user_id))


class Tips(litserve.LitAPI):
    """A tip, from the person to the committed decision."""

    async def authorize(self) -> None:
        """Nothing more than a session; left out, LitServe's own waits for a thread per request."""

    def setup(self, device: str) -> None:
        self.db = naive.connect()
        self.states: Fenced[Statistics] = Fenced(self.db, naive.statistics)
        self.pools: Fenced[Pool] = Fenced(self.db, naive.pool)

    def decode_request(self, request: Annotated[Asked, Depends(person)]) -> Any:
        return request.user_id, self.states.of(*request), self.pools.of(*request)

    def predict(self, asked: list[Any]) -> list[dict[str, Any]]:
        decided = [naive.decide(state, pool, user_id) for user_id, state, pool in asked]
        rows = [values for _, values in decided]
        transact(self.db, [lambda db: db.executemany(naive.LOG, rows)])
        return [tip for tip, _ in decided]

    def encode_response(self, tip: dict[str, Any]) -> Response:
        return as_json({"tip": tip, "reason": None})


def main() -> None:
    """Serve on the port of the environment."""
    server = litserve.LitServer(
        Tips(max_batch_size=64, batch_timeout=0.002, api_path="/recommend"),
        accelerator="cpu",
        healthcheck_path="/health/live",
        fast_queue=True,
        disable_openapi_url=True,
        timeout=10,
    )

    @server.app.post("/feedback")
    async def feedback(request: Request) -> Response:
        return await http().react(request)

    server.run(
        host="127.0.0.1",
        port=int(os.environ["OO_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )


if __name__ == "__main__":
    main()
