"""Hops in traces: what crosses a handle carries its trace along, and the other side goes on."""

import asyncio
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from deployments import bandit
from deployments.bandit import BanditShard
from deployments.calls import called, calling
from deployments.handles import GeneratorRefill, Shards
from deployments.process import Base
from ml.generation.aliases import Aliases
from oo.domain.rewards import Action
from oo.jobs.contract import Job
from oo.jobs.runner import run_forever
from oo.kit import scope, tracing
from oo.kit.clock import ManualClock, SystemClock
from oo.kit.provide import Provided
from oo.kit.scope import Scope
from oo.kit.settings import Settings
from oo.recommend.deciding import Account, Served
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import users
from oo.store.database import Database
from tests.peers.store import add_person
from tests.peers.traced import traced
from tests.unit.ml.test_generation_aliases import OWN, REQUEST, Engine, settings
from tests.unit.recommend.conftest import put_pool
from tests.unit.recommend.test_recommender import recommender as recommender_on


def crossing(method: Callable[..., Awaitable[Any]]) -> Any:
    """A handle's method: its arguments cross as bytes, and it runs in a context of its own."""

    def remote(*arguments: object) -> "asyncio.Task[Any]":
        crossed = pickle.loads(pickle.dumps(arguments))

        async def run() -> Any:
            tracing._current.set(None)
            scope.adopt(None)
            return await method(*crossed)

        return asyncio.get_running_loop().create_task(run())

    return SimpleNamespace(remote=remote)


@pytest.fixture
async def shard(
    db: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[BanditShard]:
    base = Base(Settings(), clock, db, Random(1))
    monkeypatch.setattr(bandit, "start", lambda _part: base)
    made = BanditShard()
    await made.reconfigure({})
    yield made
    for task in made._tasks:
        task.cancel()


async def test_a_tip_and_its_reaction_are_a_trace_each_through_the_shard(
    db: Database, clock: ManualClock, shard: BanditShard
) -> None:
    user = await add_person(db, clock)
    handle = SimpleNamespace(score=crossing(shard.score), wake=crossing(shard.wake))
    shards = Shards([handle])
    await put_pool(db, clock, user)
    recommender = recommender_on(db, clock, shards)
    async with db.read() as connection:
        head = (await users.heads(connection, [user]))[user]
    account = Account(user, head.user_seq, head.pool_version, head.timezone)
    with traced() as spans:
        with Scope(), tracing.begun("tip"):
            served = await recommender.recommend(account)
        assert isinstance(served, Served)
        hop = ["tip", "decision", "decisions.decide", "BanditShard.score", "BanditShard.score"]
        assert spans.path(spans.one("score")) == [*hop, "score"]
        with Scope(), tracing.begun("feedback"):
            request = ReactionRequest(user, served.decision.id, Action.DONE, 30_000, "key")
            answer = await Reactions(db, clock).accept(request)
            shards.wake(user, answer.user_seq)
        await asyncio.gather(*shards._waking)
        told = ["feedback", "wake", "BanditShard.wake", "BanditShard.wake"]
        assert spans.path(spans.one("fold")) == [*told, "fold"]
        assert ["feedback", "reactions.commit", "db.transaction", "COMMIT"] in [
            spans.path(it) for it in spans.named("COMMIT")
        ]


async def test_a_pool_that_is_filled_behind_links_to_the_request_and_says_for_whom(
    clock: ManualClock,
) -> None:
    said = dict[str, str]()

    async def fill(user_id: str, within_s: float, carried: str) -> None:
        with called("TipGenerator.fill", carried, user_id):
            said.update(tracing.fields())

    refill = GeneratorRefill(SimpleNamespace(fill=crossing(fill)), clock)
    refill.engine_ready = True
    with traced() as spans:
        with Scope() as asked, tracing.begun("tip"):
            refill.behind("ada")
        await refill._changes.settled()
        made = spans.one("pool.refill")
        assert made.parent is None
        assert [it.context for it in made.links] == [spans.one("tip").context]
        assert len(spans.named("TipGenerator.fill")) == 2
    assert said["request_id"] == asked.id
    assert len(said["person"]) == 16


async def test_writing_is_one_trace_through_litellm_to_the_engine() -> None:
    engine = Engine()

    async def chat_json(body: dict[str, Any], carried: str) -> dict[str, Any]:
        with called("TipEngine.chat_json", carried):
            return await engine(body)

    handle = SimpleNamespace(chat_json=crossing(chat_json))

    async def call(body: dict[str, Any]) -> dict[str, Any]:
        with calling("TipEngine.chat_json"):
            answer: dict[str, Any] = await handle.chat_json.remote(body, tracing.carried())
            return answer

    aliases = Aliases(settings(tip_generator=OWN), call)
    with traced() as spans:
        with Scope() as asked, tracing.begun("fill"):
            along = tracing.carried()
        with called("TipGenerator.fill", along, "ada"), tracing.span("pool.write"):
            await aliases.completer().complete(REQUEST)
            assert tracing.fields()["request_id"] == asked.id
        way = ["fill", "TipGenerator.fill", "pool.write", "chat embedded"]
        assert spans.path(spans.one("turn")) == [*way[:3], "turn"]
        inner = spans.named("TipEngine.chat_json")
        assert [spans.path(it) for it in inner] == [
            [*way, "TipEngine.chat_json", "TipEngine.chat_json"],
            [*way, "TipEngine.chat_json"],
        ]
        said = spans.one("chat embedded")
        assert (said.attributes or {})["gen_ai.provider.name"] == "oo-engine"
        assert "hello" not in "".join(it.to_json() for it in spans.all)


async def test_a_line_of_a_job_names_its_run() -> None:
    said = list[dict[str, str]]()

    async def run() -> int:
        said.append(tracing.fields())
        if len(said) == 3:
            raise asyncio.CancelledError
        return len(said) - 1

    with traced() as spans:
        task = asyncio.create_task(
            run_forever([Job("count", 0.0, run)], Provided({}), SystemClock())
        )
        await asyncio.wait([task], timeout=5)
        assert [it.name for it in spans.all] == ["job count", "job count"]  # the first was idle
    assert {it["job"] for it in said} == {"count"}
    assert len({it["request_id"] for it in said}) == 3
    assert all(len(it["trace_id"]) == 32 for it in said)
