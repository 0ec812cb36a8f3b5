"""`oo models`: aliases with their states, what they did, and what is left of their budgets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ml.generation.settings import Alias, Budgets, ModelSettings
from ml.generation.states import STATES, AliasState, State, States, tell
from oo.domain.model_calls import ModelCall, Outcome, Place, quantile
from oo.kit.clock import ManualClock
from oo.kit.errors import NotFound
from oo.kit.settings import Settings
from oo.mlops.models import Use, states, table
from oo.store import model_calls
from oo.store.database import Database
from tests.peers.store import add_person, fresh_store

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
BUDGETS = Budgets(cloud_tokens_per_person=1000, cloud_usd=2.0)
CLOUD = Alias(model="openai/m")
ANSWERED = ModelCall(
    "cloud",
    "openai/m",
    Place.CLOUD,
    "instruct-v2",
    "tips",
    Outcome.ANSWERED,
    100,
    20,
    0.5,
    0.3,
    3,
    1,
)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


async def test_the_table_tells_calls_cost_latency_and_what_is_left(db: Database) -> None:
    clock = ManualClock(NOW)
    ada, bob = await add_person(db, clock, "ada"), await add_person(db, clock, "bob")
    limited = ANSWERED._replace(
        outcome=Outcome.LIMITED, prompt_tokens=0, completion_tokens=0, cost_usd=0.0
    )
    of_old = ANSWERED._replace(model="openai/old")
    async with db.write() as connection:
        await model_calls.add(connection, ada, [ANSWERED, ANSWERED, limited], NOW)
        await model_calls.add(connection, bob, [ANSWERED], NOW)
        await model_calls.add(connection, bob, [of_old], NOW - timedelta(days=2))
    settings = ModelSettings(allow_cloud=True, budgets=BUDGETS, aliases={"cloud": CLOUD})
    known = States.of_settings(settings)
    (row,) = await table(db, Use(1, None, known), NOW)
    assert (row.calls, row.failures, row.cost_usd) == (4, {"limited": 1}, 1.5)
    assert (row.refused, row.tokens_left, row.usd_left) == (0.25, None, 0.5)
    assert row.p50_s is not None
    assert row.p95_s is not None
    assert 0.2 < row.p50_s < row.p95_s < 0.4
    (of_ada,) = await table(db, Use(1, ada, known), NOW)
    assert (of_ada.calls, of_ada.tokens_left, of_ada.usd_left) == (3, 760, 0.5)
    assert [it.model for it in await table(db, Use(3, None, known), NOW)] == [
        "openai/m",
        "openai/old",
    ]
    with pytest.raises(NotFound):
        await table(db, Use(1, "nobody", known), NOW)


def test_the_states_of_the_running_oo_are_read_only_while_it_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    until = NOW + timedelta(seconds=30)
    rests = AliasState("cloud", CLOUD, None, until, is_open=False)
    for state, expected in (
        (rests, State.RESTING),
        (rests._replace(is_open=True), State.OPEN),
        (rests._replace(rests_until=None), State.READY),
        (rests._replace(barred="its key is not set"), State.BARRED),
    ):
        tell(tmp_path / STATES, BUDGETS, [state])
        found = states(settings, is_running=True)
        assert (found.budgets, found.aliases[0].state) == (BUDGETS, expected)
    idle = states(settings, is_running=False)
    assert {one.alias for one in idle.aliases} >= {"tip-generator", "embedder"}
    assert {one.state for one in idle.aliases} == {None}


def test_a_quantile_lies_within_its_bucket() -> None:
    nothing = [0] * 12
    assert quantile(nothing, 0.5) is None
    assert quantile([0, 0, 0, 10, *nothing[4:]], 0.5) == pytest.approx(0.3)
    assert quantile([*nothing[:-1], 3], 0.5) == 60.0
