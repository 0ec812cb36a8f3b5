"""Models behind OpenAI's and Ollama's interfaces: what they write, how they fail, whom they see."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import Response

from deployments.generator import _Writer
from ml.composing.fallback import quick_composer
from ml.composing.faults import Fault
from ml.composing.model_evaluation import written
from ml.generation.account import Ledger
from ml.generation.aliases import Aliases
from ml.generation.completion import CompletionFailedError, CompletionRequest
from ml.generation.schema import tips_schema
from ml.generation.settings import Alias, Budgets, ModelSettings, Price, load_settings
from oo.domain.consents import CLOUD_MODELS
from oo.domain.model_calls import NO_CLOUD, ModelCall, Outcome, Spent, Terms
from oo.domain.tasks import Task
from oo.kit import tracing
from oo.kit.clock import ManualClock
from oo.kit.setting_groups import LanguageModel
from oo.mlops.tips import evaluate_model
from oo.recommend.filling import PoolFiller
from oo.recommend.gathering import gather
from oo.recommend.ports import Assembled
from oo.store import candidates, model_calls, tasks, users
from oo.store.database import Database
from tests.peers.models import MODEL, ModelServer, openai_error
from tests.peers.serving import served
from tests.peers.store import add_person, fresh_store, say
from tests.peers.traced import traced

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
SCHEMA = tips_schema(1, [None], ["advice"], {"enum": ["Breathe."]})
REQUEST = CompletionRequest([{"role": "user", "content": "hello"}], 'root ::= "x"', SCHEMA, 40)
FREE = Budgets(cloud_tokens_per_person=None, cloud_usd=None)
APIS = ("openai", "ollama_chat")


@pytest.fixture
def server() -> ModelServer:
    return ModelServer()


@pytest.fixture
def address(server: ModelServer) -> Iterator[str]:
    with served(server.app) as url:
        yield url


def home(api: str, address: str) -> str:
    return f"{address}/v1" if api == "openai" else address


def of_configuration(api: str, address: str, prompt: str, model: str = MODEL) -> Aliases:
    """As OO_LLM__MODEL, OO_LLM__API_BASE and OO_LLM__PROMPT configure it."""
    llm = LanguageModel(model=f"{api}/{model}", api_base=home(api, address), prompt=prompt)
    return Aliases(load_settings(Path("configs/models.yaml"), llm))


@pytest.mark.parametrize("api", APIS)
async def test_a_model_of_either_interface_picks_among_composed_lines(
    api: str, address: str, server: ModelServer
) -> None:
    aliases = of_configuration(api, address, "embedded-v2")
    found = await written(quick_composer(), aliases, "tip-generator", "de", 3, 7)
    assert found.calls == len(server.sent)
    assert 6 < found.tips <= found.calls  # a text that two slots came to is one tip
    assert (found.by_model, found.true_before, found.true_after, found.refused) == (1, 1, 1, 0)
    assert (found.prompt_tokens, found.completion_tokens) == (100 * found.calls, 20 * found.calls)
    assert (found.failures, found.faults[Fault.LANGUAGE], found.cost_usd) == ({}, 0, 0)
    assert 0 < found.p50_s <= found.p95_s


def test_the_evaluation_asks_in_every_language(address: str) -> None:
    llm = LanguageModel(
        model=f"openai/{MODEL}", api_base=home("openai", address), prompt="embedded-v2"
    )
    found = evaluate_model("tip-generator", 2, 7, Path("configs/models.yaml"), llm)
    assert len(found) >= 5
    assert {(one.by_model, len(one.failures)) for one in found.values()} == {(1.0, 0)}


@pytest.mark.parametrize("api", APIS)
async def test_what_a_model_makes_up_is_refused_and_counted(
    api: str, address: str, server: ModelServer
) -> None:
    def lie(schema: dict[str, Any], _: object) -> str:
        content = "“t1” is 900 days overdue, begin now."
        tip = {"task_id": "t1", "kind": "insight", "content": content, "confidence": 0.9}
        return json.dumps({"tips": [tip]})

    server.write = lie
    aliases = of_configuration(api, address, "instruct-v2")
    found = await written(quick_composer(), aliases, "tip-generator", "en", 2, 7)
    assert (found.true_before, found.refused, found.by_model) == (0, 1, 0)
    assert found.tips > 0  # composed lines fill in


@pytest.mark.parametrize("api", APIS)
async def test_a_model_at_home_is_told_of_what_trace_its_call_is(
    api: str, address: str, server: ModelServer
) -> None:
    aliases = of_configuration(api, address, "embedded-v2")
    with traced() as spans, tracing.begun("request"):
        await aliases.completer().complete(REQUEST)
    call = spans.one(f"chat {MODEL}")
    assert call.context is not None
    assert server.parents == [f"00-{call.context.trace_id:032x}-{call.context.span_id:016x}-01"]
    assert spans.path(call) == ["request", f"chat {MODEL}"]
    told = call.attributes or {}
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (100, 20)
    assert (told["gen_ai.operation.name"], told["gen_ai.provider.name"]) == ("chat", api)
    assert "hello" not in call.to_json()


async def test_a_cloud_model_is_told_of_no_trace(address: str, server: ModelServer) -> None:
    alias = Alias(
        model=f"openai/{MODEL}",
        api_base=home("openai", address),
        api_key=SecretStr("k"),
        prompt="embedded-v2",
        cloud=True,
    )
    settings = ModelSettings(aliases={"tip-generator": alias}, budgets=FREE, allow_cloud=True)
    with traced() as spans, tracing.begun("request"):
        await Aliases(settings).completer(terms=Terms(cloud_consent=True)).complete(REQUEST)
    assert server.parents == [None]
    assert spans.named(f"chat {MODEL}")


async def ask(aliases: Aliases, terms: Terms = NO_CLOUD) -> tuple[str, list[ModelCall]]:
    ledger = Ledger()
    try:
        await aliases.completer(terms=terms, ledger=ledger).complete(REQUEST)
    except CompletionFailedError as error:
        return str(error), ledger.calls
    return "", ledger.calls


@pytest.mark.parametrize("api", APIS)
async def test_a_model_that_is_not_there_is_named(api: str, address: str) -> None:
    why, (call,) = await ask(of_configuration(api, address, "instruct-v2", "other"))
    assert "other" in why
    assert (call.outcome, call.alias) == (Outcome.MISSING, "tip-generator")


async def test_a_server_that_limits_us_is_left_alone_for_as_long_as_it_says(
    address: str, server: ModelServer
) -> None:
    limited = openai_error(429, "Rate limit reached", "rate_limit_exceeded", {"Retry-After": "30"})
    server.fails.append(limited)
    aliases = of_configuration("openai", address, "instruct-v2")
    _, (call,) = await ask(aliases)
    assert call.outcome is Outcome.LIMITED
    state = next(it for it in aliases.states(0.0) if it.name == "tip-generator")
    assert state.rests_until is not None
    assert not state.is_open
    why, calls = await ask(aliases)
    assert "left alone" in why
    assert (calls, len(server.sent)) == ([], 1)


@pytest.mark.parametrize("api", APIS)
async def test_an_answer_that_is_none_is_a_failure(
    api: str, address: str, server: ModelServer
) -> None:
    aliases = of_configuration(api, address, "instruct-v2")
    server.fails.append(Response("<html>", 200, media_type="text/html"))
    server.fails.append(Response('{"error": "overloaded"}', 500, media_type="application/json"))
    failed = [(await ask(aliases))[1][0].outcome for _ in range(2)]
    assert Outcome.ANSWERED not in failed
    assert failed[1] is Outcome.AWAY
    assert (await ask(aliases))[1][0].outcome is Outcome.ANSWERED


def engine_of(asked: list[str]) -> Any:
    async def engine(body: dict[str, Any]) -> dict[str, Any]:
        asked.append(body["messages"][-1]["content"])
        raise ConnectionError("away")

    return engine


def two_homes(address: str, budgets: Budgets = FREE, **changes: Any) -> ModelSettings:
    """A cloud model that a local one stands in for."""
    cloud = Alias(
        model=f"openai/{MODEL}",
        api_base=f"{address}/v1",
        api_key=SecretStr("sk-test"),
        cloud=True,
        prompt="embedded-v2",
        fallbacks=("own",),
        price=Price(prompt=1000, completion=5000),
    )
    own = Alias(model="oo-engine/embedded", prompt="embedded-v2")
    changed = cloud.model_copy(update=changes)
    return ModelSettings(
        allow_cloud=True, budgets=budgets, aliases={"tip-generator": changed, "own": own}
    )


class Assembler:
    def __init__(self, db: Database, clock: ManualClock) -> None:
        self.db, self.clock = db, clock

    async def assemble(self, user_id: str) -> Assembled:
        now = self.clock.now()
        async with self.db.read() as connection:
            found = await gather(connection, user_id, now)
        assert found is not None
        return found


async def person(db: Database, clock: ManualClock, name: str) -> str:
    user_id = await add_person(db, clock, name)
    due = date(2026, 11, 20)
    made = [
        Task(f"file:{name}{n}", "file", f"{name}{n}", f"{name} report {n}", due=due)
        for n in range(4)
    ]
    async with db.write() as connection:
        await tasks.put(connection, user_id, made)
        await users.bump_pool(connection, user_id)
    return user_id


def filler_of(db: Database, clock: ManualClock, aliases: Aliases) -> PoolFiller:
    writer = _Writer(aliases, Random(1), lambda _: None)
    return PoolFiller(db, clock, Assembler(db, clock), writer)


async def contents(db: Database, user_id: str, now: datetime) -> dict[str, str]:
    async with db.read() as connection:
        found = (await candidates.live(connection, [user_id], now))[user_id]
    return {entry.candidate.content: entry.candidate.source for entry in found}


async def test_only_those_who_agreed_are_sent_to_a_cloud_model(
    tmp_path: Path, address: str, server: ModelServer
) -> None:
    clock, asked = ManualClock(NOW), list[str]()
    aliases = Aliases(two_homes(address), engine_of(asked), clock)
    async with fresh_store(tmp_path) as db:
        ada, bob = await person(db, clock, "ada"), await person(db, clock, "bob")
        filler = filler_of(db, clock, aliases)
        async with db.write() as connection:
            await say(connection, ada, CLOUD_MODELS, NOW)
        for user_id in (ada, bob):
            await filler.fill(user_id, 20.0)
        sent = json.dumps(server.sent)
        assert "ada report" in sent
        assert "bob report" not in sent
        assert set(server.keys) == {"Bearer sk-test"}
        assert any("bob report" in message for message in asked)
        assert set((await contents(db, bob, NOW)).values()) == {"fallback"}
        assert set((await contents(db, ada, NOW)).values()) == {"llm"}
        async with db.write() as connection:
            (row,) = await model_calls.of_person(connection, ada, NOW - timedelta(hours=1))
            of_bob = await model_calls.of_person(connection, bob, NOW - timedelta(hours=1))
            assert (row.place, row.calls, row.accepted) == ("cloud", len(server.sent), row.calls)
            assert row.cost_usd == pytest.approx(row.calls * 0.2)
            assert [(it.place, it.outcome) for it in of_bob] == [("local", "away")]
            await say(connection, ada, CLOUD_MODELS, NOW, given=False)
        before = len(server.sent)
        clock.advance(20)
        await filler.fill(ada, 20.0)
        assert len(server.sent) == before


@pytest.mark.parametrize(
    ("budgets", "why"),
    [
        (Budgets(cloud_tokens_per_person=600, cloud_usd=None), "tokens"),
        (Budgets(cloud_tokens_per_person=None, cloud_usd=1.0), "USD"),
    ],
)
async def test_past_a_budget_the_cloud_model_is_not_asked_until_midnight(
    budgets: Budgets, why: str, tmp_path: Path, address: str, server: ModelServer
) -> None:
    clock = ManualClock(NOW)
    aliases = Aliases(two_homes(address, budgets, fallbacks=()), engine_of([]), clock)
    async with fresh_store(tmp_path) as db:
        ada = await person(db, clock, "ada")
        filler = filler_of(db, clock, aliases)
        async with db.write() as connection:
            await say(connection, ada, CLOUD_MODELS, NOW)
        await filler.fill(ada, 20.0)
        first = len(server.sent)
        assert first >= 5
        async with db.write() as connection:
            await tasks.put(connection, ada, [Task("file:9", "file", "9", "Call the plumber")])
            await users.bump_pool(connection, ada)
            spent = await model_calls.spent(connection, ada, NOW)
        await filler.fill(ada, 20.0)
        assert len(server.sent) == first
        assert why in (aliases.barred("tip-generator", Terms(True, spent)) or "")
        assert await contents(db, ada, NOW)  # composed lines remain
        clock.advance(timedelta(hours=16).total_seconds())
        await filler.fill(ada, 20.0)
        assert len(server.sent) > first


@pytest.mark.parametrize(
    ("changes", "budgets", "why"),
    [
        ({"api_key": None}, FREE, "key"),
        ({"api_key": SecretStr("os.environ/OO_TEST_NO_SUCH_KEY")}, FREE, "key"),
        ({"price": None}, Budgets(cloud_tokens_per_person=9, cloud_usd=1), "price"),
        ({}, Budgets(), "tokens"),
    ],
)
async def test_a_cloud_model_without_key_price_or_budget_is_not_asked(
    changes: dict[str, Any], budgets: Budgets, why: str, address: str, server: ModelServer
) -> None:
    settings = two_homes(address, budgets, fallbacks=(), **changes)
    said, calls = await ask(Aliases(settings), Terms(cloud_consent=True, spent=Spent()))
    assert why in said
    assert (calls, server.sent) == ([], [])


@pytest.mark.parametrize(
    ("alias", "is_cloud"),
    [
        ({"model": "openai/x"}, True),
        ({"model": "anthropic/x"}, True),
        ({"model": "openai/x", "api_base": "https://api.example.org/v1"}, True),
        ({"model": "openai/x", "api_base": "http://8.8.8.8/v1"}, True),
        ({"model": "openai/x", "api_base": "http://[::ffff:8.8.8.8]/v1"}, True),
        ({"model": "openai/x", "api_base": "http://localhost.example.org/v1"}, True),
        ({"model": "ollama_chat/x", "api_base": "https://ollama.example.org"}, True),
        ({"model": "openai/x", "api_base": "http://vllm.internal/v1", "local": True}, False),
        ({"model": "openai/x", "api_base": "http://127.0.0.1:1/v1"}, False),
        ({"model": "openai/x", "api_base": "http://[::1]:1/v1"}, False),
        ({"model": "openai/x", "api_base": "http://192.168.1.7/v1"}, False),
        ({"model": "ollama_chat/x"}, False),
        ({"model": "oo-engine/x"}, False),
        ({"model": "oo-embedded/x"}, False),
    ],
)
def test_where_a_model_runs_is_told_by_its_address(alias: dict[str, Any], is_cloud: bool) -> None:
    assert Alias.model_validate(alias).is_cloud is is_cloud
    if is_cloud:
        with pytest.raises(ValueError, match="allow_cloud"):
            ModelSettings.model_validate({"aliases": {"a": alias}})
