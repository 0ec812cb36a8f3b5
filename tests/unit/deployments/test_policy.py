"""`oo policy` on a real store whose log a real learner made."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import Result
from sqlalchemy import insert, update
from typer.testing import CliRunner

from deployments.choosing import choose
from deployments.cli import app
from deployments.offpolicy import read_log, replay
from deployments.policy_roles import Order, decide, shadow
from deployments.promotion import prepare
from ml.policies import policies
from ml.promotion.report import Report
from oo.domain.policy import Trainable
from oo.kit.errors import BadRequest, Conflict, OoError
from oo.store import policies as store
from oo.store import tables
from oo.store.database import Database
from oo.store.migrate import migrate
from oo.store.policies import (
    DEMOTED,
    IN_FORCE,
    REFUSED,
    SHADOW,
    Change,
    Parameters,
    PolicyRef,
    Roles,
)
from tests.unit.deployments.decision_logs import START, live, store_url

PEOPLE, ROUNDS = 12, 50
SHADOWED = "egreedy-v1"
SMALL_TRIAL = ("--personas", "50", "--days", "7", "--seeds", "1")

T = TypeVar("T")


def on_store(folder: Path, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(store_url(folder))
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


async def put_in_force(db: Database, name: str) -> None:
    change = Change(PolicyRef(name, "1"), IN_FORCE, "test", "to begin with", {}, START)
    async with db.write() as connection:
        await store.record(connection, change)


async def add_opinions(db: Database) -> None:
    """What the shadow would have logged, had it run beside the policy in force."""
    log = await read_log(db)
    table = await replay(db, policies()[SHADOWED], log)
    rows = [
        {
            "tip_id": one.id,
            "policy": SHADOWED,
            "user_id": one.user_id,
            "policy_version": "1",
            "state_seq": one.state_seq,
            "chosen": 0,
            "propensities": chances[: len(one.candidate_ids)].tolist(),
            "scores": [],
        }
        for one, chances in zip(log.decisions, table, strict=True)
    ]
    async with db.write() as connection:
        await connection.execute(insert(tables.shadow_scores), rows)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which `random` decides, and ε-greedy, its shadow, would do far better."""
    folder = tmp_path_factory.mktemp("lived")

    async def make(db: Database) -> None:
        await migrate(db)
        await put_in_force(db, "random")
        await live(db, PEOPLE, ROUNDS, policy="random")
        await add_opinions(db)

    on_store(folder, make)
    return folder


@pytest.fixture
def folder(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to change; `oo` works on it."""
    place = tmp_path / "var"
    shutil.copytree(lived, place)
    return _command_on(place, monkeypatch)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing yet."""
    return _command_on(tmp_path / "empty", monkeypatch)


def _command_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OO_DATA_DIR", str(place))
    monkeypatch.setenv("OO_PORT", "9")  # no oO runs there
    monkeypatch.setenv("COLUMNS", "200")
    return place


def oo_policy(*arguments: str, actor: str = "ada") -> Result:
    acts = arguments[0] not in {"list", "history"}
    by = ("--actor", actor) if acts else ()
    return CliRunner().invoke(app, ["policy", *arguments, *by])


def roles(folder: Path) -> Roles:
    async def read(db: Database) -> Roles:
        async with db.read() as connection:
            return await store.roles(connection)

    return on_store(folder, read)


def history(folder: Path) -> list[Change]:
    async def read(db: Database) -> list[Change]:
        async with db.read() as connection:
            return await store.history(connection)

    return on_store(folder, read)


def test_a_better_shadow_is_promoted_and_demoted_again(folder: Path) -> None:
    result = oo_policy("promote", SHADOWED, "--reason", "better", *SMALL_TRIAL)
    assert result.exit_code == 0, result.output
    assert roles(folder).in_force == PolicyRef(SHADOWED, "1")
    change = history(folder)[-1]
    assert (change.role, change.actor, change.reason) == (IN_FORCE, "ada", "better")
    assert change.report["verdict"] == "passed"
    assert {check["name"]: check["value"] for check in change.report["checks"]}["decisions"] == 600

    result = oo_policy("demote", "--reason", "people complain")
    assert result.exit_code == 0, result.output
    assert roles(folder).in_force == PolicyRef("random", "1")
    assert history(folder)[-1].role == DEMOTED
    again = oo_policy("demote", "--reason", "to the default")
    assert "egreedy-v1@1 is in force again" in again.output
    assert roles(folder).in_force is None
    assert isinstance(oo_policy("demote", "--reason", "further").exception, Conflict)


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    before = history(folder)
    result = oo_policy("promote", SHADOWED, "--reason", "look", "--dry-run", *SMALL_TRIAL)
    assert result.exit_code == 0, result.output
    assert "Nothing was changed" in result.output
    assert history(folder) == before


def test_a_blind_promotion_is_refused_and_recorded(folder: Path) -> None:
    oo_policy("shadow", SHADOWED, "--reason", "try")
    before = roles(folder)
    result = oo_policy("promote", "lints", "--reason", "it is newer")
    assert result.exit_code == 1
    assert "Shadow it first (`oo policy shadow lints@1" in result.output
    assert "lints@1 is refused; random@1 stays in force" in result.output
    assert roles(folder) == before  # shadows stay, and running shards have nothing to follow
    change = history(folder)[-1]
    assert (change.policy.name, change.role, change.report["verdict"]) == (
        "lints",
        REFUSED,
        "refused",
    )
    listed = oo_policy("history").output
    assert "failed: shadowed decisions" in listed
    assert "it is newer" in listed


def test_a_shadow_that_said_something_else_than_its_replay_is_refused(folder: Path) -> None:
    async def lie(db: Database) -> None:
        s = tables.shadow_scores.c
        async with db.write() as connection:
            row = (await connection.execute(tables.shadow_scores.select())).first()
            assert row is not None
            told = [1.0, *[0.0] * (len(row.propensities) - 1)]
            mine = (s.tip_id == row.tip_id, s.user_id == row.user_id)
            query = update(tables.shadow_scores).where(*mine)
            await connection.execute(query.values(propensities=told))

    on_store(folder, lie)
    result = oo_policy("promote", SHADOWED, "--reason", "better")
    assert result.exit_code == 1
    assert "In 1 of 600 decisions it said something else online" in result.output


async def test_decisions_that_parameters_may_have_been_fitted_to_do_not_count(
    folder: Path,
) -> None:
    policy = policies()["ebts"]
    assert isinstance(policy, Trainable)
    data = policy.parameters()
    fitted = policy.with_parameters(data)
    at = START + timedelta(days=60)
    db = Database(store_url(folder))
    try:
        every = await prepare(db, "ebts")
        async with db.write() as connection:
            ref = PolicyRef("ebts", fitted.version)
            await store.keep_parameters(connection, Parameters(ref, data, {}, at))
        contest = await prepare(db, str(ref), START)
    finally:
        await db.close()
    assert (every.since, len(every.evidence)) == (None, 600)
    assert contest.since == at
    assert 0 < len(contest.evidence) < 600


def test_an_empty_log_refuses(empty: Path) -> None:
    result = oo_policy("promote", "lints", "--reason", "hope")
    assert result.exit_code == 1, result.output
    assert "Wait for 500 more decisions" in result.output
    assert roles(empty) == (0, None, ())


def test_shadows_come_and_go(empty: Path) -> None:
    for name in ("lints", "linucb-v1@1"):
        assert oo_policy("shadow", name, "--reason", "try").exit_code == 0
    assert [str(one) for one in roles(empty).shadows] == ["lints@1", "linucb-v1@1"]
    listed = oo_policy("list").output
    assert [line.split()[:2] for line in listed.splitlines()[1:4]] == [
        ["egreedy-v1@1", "in"],
        ["lints@1", "shadow"],
        ["linucb-v1@1", "shadow"],
    ]
    assert oo_policy("off", "lints").exit_code == 0
    assert [str(one) for one in roles(empty).shadows] == ["linucb-v1@1"]
    assert history(empty)[0].role == SHADOW


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("shadow", "nobody", "--reason", "x"), BadRequest, "no policy 'nobody'"),
        (("shadow", "lints@9", "--reason", "x"), BadRequest, "no lints@9"),
        (("shadow", "egreedy-v1", "--reason", "x"), Conflict, "is in force"),
        (("shadow", "lints", "--reason", " "), BadRequest, "Say why"),
        (("off", "lints"), BadRequest, "lints is not a shadow"),
        (("off", "egreedy-v1"), BadRequest, "oo policy demote"),
        (("promote", "nobody", "--reason", "x"), BadRequest, "no policy 'nobody'"),
        (("promote", "egreedy-v1", "--reason", "x"), Conflict, "in force already"),
        (("demote", "--reason", "x"), Conflict, "nothing was promoted"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], kind: type[OoError], message: str
) -> None:
    error = oo_policy(*arguments).exception
    assert isinstance(error, kind)
    assert message in error.detail


async def test_a_fitted_version_of_what_is_in_force_may_be_its_shadow(folder: Path) -> None:
    policy = policies()["ebts"]
    assert isinstance(policy, Trainable)
    data = policy.parameters()
    ref = PolicyRef("ebts", policy.with_parameters(data).version)
    db = Database(store_url(folder))
    try:
        await put_in_force(db, "ebts")
        async with db.write() as connection:
            await store.keep_parameters(connection, Parameters(ref, data, {}, START))
        await shadow(db, str(ref), Order("ada", "newly fitted", START))
        async with db.read() as connection:
            chosen = await choose(connection, None, await store.roles(connection))
        contest = await prepare(db, "ebts")
    finally:
        await db.close()
    assert (chosen.in_force.version, [one.version for one in chosen.shadows]) == (
        "1",
        [ref.version],
    )
    assert contest.challenger.version == ref.version  # the name alone means the shadow


async def test_a_change_since_the_gate_looked_is_a_conflict(folder: Path) -> None:
    db = Database(store_url(folder))
    try:
        contest = await prepare(db, SHADOWED)
        await put_in_force(db, "linucb-v1")
        passed = Report("a", "b", 0.1, 600, ())
        with pytest.raises(Conflict, match="meanwhile"):
            await decide(db, contest, passed, Order("ada", "late", START))
    finally:
        await db.close()
