"""`oo ope` and the replay behind it, on a real store with a log that a real learner made."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from sqlalchemy import update
from typer.testing import CliRunner

from ml.ope.decision_log import By, DecisionLog, Unsupported, labels_of
from ml.ope.estimators.dr import DR
from ml.ope.policy_value import compare
from ml.policies import policies
from oo.cli.main import build
from oo.kit.errors import OoError
from oo.mlops.logged_decisions import read_log, replay
from oo.store import tables
from oo.store.database import Database
from oo.store.migrate import migrate
from tests.unit.mlops.decision_logs import SETTLED, START, live, store_url

PEOPLE, ROUNDS = 12, 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a log under ε-greedy."""
    place = tmp_path_factory.mktemp("var")

    async def make() -> None:
        db = Database(store_url(place))
        await migrate(db)
        await live(db, PEOPLE, ROUNDS, ignored=2)
        await db.close()

    asyncio.run(make())
    return place


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`oo` works on that folder."""
    monkeypatch.setenv("OO_DATA_DIR", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def oo_ope(*arguments: str) -> Result:
    return CliRunner().invoke(build(), ["ope", *arguments], catch_exceptions=True)


async def log_and_propensities(folder: Path, policy: str) -> tuple[DecisionLog, np.ndarray]:
    db = Database(store_url(folder))
    try:
        log = await read_log(db, SETTLED)
        return log, await replay(db, policies()[policy], log)
    finally:
        await db.close()


async def test_replaying_the_policy_that_decided_gives_what_was_logged(folder: Path) -> None:
    log, table = await log_and_propensities(folder, "egreedy-v1")
    assert len(log) == PEOPLE * (ROUNDS - 2)
    assert log.without_reward == PEOPLE * 2
    np.testing.assert_array_equal(table, log.logging)
    feedback = log.feedback(table)
    np.testing.assert_array_equal(feedback.weights, 1.0)


async def test_what_it_learnt_is_worth_more_than_chance(folder: Path) -> None:
    log, learnt = await log_and_propensities(folder, "egreedy-v1")
    _, chance = await log_and_propensities(folder, "random")
    better = compare(DR(), log.feedback(learnt), log.feedback(chance), clusters=log.people)
    assert better.interval.lower > 0


async def test_the_last_revision_of_a_reward_counts(folder: Path, tmp_path: Path) -> None:
    db = Database(store_url(tmp_path))
    await migrate(db)
    await live(db, 1, 3)
    f = tables.feedback.c
    async with db.write() as connection:
        first = (await connection.execute(tables.feedback.select())).mappings().first()
        assert first
        revised = {
            **first,
            "user_seq": 4,
            "revision": 1,
            "reward": 0.123,
            "idempotency_key": "again",
        }
        await connection.execute(tables.feedback.insert(), [revised])
        await connection.execute(update(tables.users).values(user_seq=4))
    log = await read_log(db, SETTLED)
    assert len(log) == 3
    assert log.rewards[[one.id for one in log.decisions].index(first[f.tip_id.name])] == 0.123
    await db.close()


async def test_deleted_people_are_left_out(tmp_path: Path) -> None:
    db = Database(store_url(tmp_path))
    await migrate(db)
    await live(db, 2, 3)
    async with db.write() as connection:
        person = tables.users.c.email == "person0@example.org"
        await connection.execute(update(tables.users).where(person).values(deleted_at=START))
    log = await read_log(db, SETTLED)
    assert len(log) == 3
    assert len({*log.people}) == 1
    await db.close()


def test_one_decision_is_too_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def make() -> None:
        db = Database(store_url(tmp_path))
        await migrate(db)
        await live(db, 1, 1)
        await db.close()

    asyncio.run(make())
    monkeypatch.setenv("OO_DATA_DIR", str(tmp_path))
    error = oo_ope("random").exception
    assert isinstance(error, OoError)
    assert "at least two" in error.detail


async def test_a_policy_beyond_the_log_is_refused_or_cut(folder: Path) -> None:
    log, table = await log_and_propensities(folder, "random")
    greedy = replace(log, logging=np.where(np.arange(len(log))[:, None] % 2, log.logging, 0.0))
    logged = np.arange(len(log))
    greedy.logging[logged, greedy.actions] = np.where(
        logged % 2, log.logging[logged, log.actions], 1
    )
    with pytest.raises(Unsupported, match="--supported-only"):
        greedy.feedback(table)
    mask = greedy.supported(table)
    assert mask.tolist() == (logged % 2 == 1).tolist()
    assert len(greedy.take(mask).feedback(table[mask])) == mask.sum()


async def test_labels_are_of_candidates_or_of_decisions(folder: Path) -> None:
    log, _ = await log_and_propensities(folder, "random")
    assert {*labels_of(log, By.MODEL)} == {"m-small", "m-large"}
    assert {*labels_of(log, By.PROMPT)} == {"v1"}
    assert {*labels_of(log, By.KIND)} == {"task"}
    assert len({*labels_of(log, By.USER)}) == PEOPLE
    assert labels_of(log, By.COHORT)[0] == f"{log.decisions[0].joined_at:%G-W%V}"
    people = dict(zip(log.people, labels_of(log, By.COHORT), strict=True))
    assert len(set(people.values())) > 1
    assert labels_of(log, By.HOUR)[0] == f"{log.decisions[0].created_at.hour:02}"


@pytest.mark.usefixtures("command")
def test_the_table_has_every_policy_and_estimator(tmp_path: Path) -> None:
    file = tmp_path / "ope.json"
    result = oo_ope("egreedy-v1", "random", "--against", "random", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert f"{PEOPLE * (ROUNDS - 2)} decisions of {PEOPLE} people" in result.output
    assert f"{PEOPLE * 2} without a reaction left out" in result.output
    found = json.loads(file.read_text())
    assert [(one["policy"], one["estimator"]) for one in found] == [
        (policy, estimator)
        for estimator in ("dr", "snips", "ips")
        for policy in ("as logged", "egreedy-v1", "random")
    ]
    logged, same, _ = found[3:6]
    assert same["value"] == pytest.approx(logged["value"])
    assert same["difference"]["value"] > 0
    lower, upper = same["interval"]
    assert lower < same["value"] < upper


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("by", list(By))
def test_every_division_adds_up(by: By, tmp_path: Path) -> None:
    file = tmp_path / "ope.json"
    result = oo_ope("egreedy-v1", "--estimator", "ips", "--by", by, "--json", str(file))
    assert result.exit_code == 0, result.output
    found = json.loads(file.read_text())
    for policy in ("as logged", "egreedy-v1"):
        shares = [one["share"] for one in found if one["policy"].startswith(policy)]
        assert sum(shares) == pytest.approx(1), policy


@pytest.mark.usefixtures("command")
def test_the_plot_is_an_image(tmp_path: Path) -> None:
    file = tmp_path / "ope.png"
    assert oo_ope("--plot", str(file)).exit_code == 0
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "no policy 'nobody'"),
        (("random@9",), "no random@9"),
        (("--estimator", "magic"), "No estimator 'magic'"),
        (("--since", (START + timedelta(days=730)).strftime("%Y-%m-%d")), "nothing to evaluate"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], message: str) -> None:
    error = oo_ope(*arguments).exception
    assert isinstance(error, OoError)
    assert message in error.detail


@pytest.mark.usefixtures("command")
def test_tips_without_a_reaction_may_have_a_reward() -> None:
    result = oo_ope("random", "--missing-reward", "0")
    assert f"{PEOPLE * ROUNDS} decisions" in result.output
    assert "left out" not in result.output
