"""`oo policy` on a real store whose log a real learner made."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ml.policies import policies
from ml.promotion.gate_report import Report
from oo.cli.main import build
from oo.domain.policies import PolicyRef, Trainable
from oo.domain.promotion import Ruling
from oo.kit.errors import BadRequest, Conflict, OoError
from oo.mlops import promoting
from oo.mlops.policy_lookup import DEFAULT_POLICY, choose, in_shadow
from oo.mlops.promotion import Trial, prepare
from oo.mlops.roles import Order, decide, shadow
from oo.store import policies as store
from oo.store.database import Database
from oo.store.policies import DEMOTED, IN_FORCE, REFUSED, SHADOW, Change, Parameters, Roles
from tests.unit.mlops.conftest import SHADOWED, on_store, put_in_force
from tests.unit.mlops.decision_logs import SETTLED, START, store_url

SMALL_TRIAL = ("--personas", "50", "--days", "7", "--seeds", "1")


def oo_policy(*arguments: str, actor: str = "ada") -> Result:
    acts = arguments[0] not in {"list", "history"}
    by = ("--actor", actor) if acts else ()
    return CliRunner().invoke(build(), ["policy", *arguments, *by])


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
    assert f"{DEFAULT_POLICY}@1 is in force again" in again.output
    assert roles(folder).in_force is None
    assert isinstance(oo_policy("demote", "--reason", "further").exception, Conflict)


def test_the_console_promotes_as_the_command_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def here(_: str, order: dict[str, Any], __: float) -> Any:  # tests/long has a process
        return await asyncio.to_thread(promoting._work, order, lambda part: None)

    monkeypatch.setattr(promoting, "aside", here)
    gate = promoting.Gatekeeper(Trial(50, 7, 1))
    found = asyncio.run(gate.promote(SHADOWED, "person:ada", "better"))
    assert found == Ruling(f"{SHADOWED}@1", "random@1", 600, ())
    change = history(folder)[-1]
    assert (change.role, change.actor, change.reason) == (IN_FORCE, "person:ada", "better")


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
        [f"{DEFAULT_POLICY}@1", "in"],
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
        (("shadow", DEFAULT_POLICY, "--reason", "x"), Conflict, "is in force"),
        (("shadow", "lints", "--reason", " "), BadRequest, "Say why"),
        (("off", "lints"), BadRequest, "lints is not a shadow"),
        (("off", DEFAULT_POLICY), BadRequest, "oo policy demote"),
        (("promote", "nobody", "--reason", "x"), BadRequest, "no policy 'nobody'"),
        (("promote", DEFAULT_POLICY, "--reason", "x"), Conflict, "in force already"),
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
            roles = await store.roles(connection)
            chosen = await choose(connection, None, roles)
            shadows = await in_shadow(connection, roles)
        contest = await prepare(db, "ebts", SETTLED)
    finally:
        await db.close()
    assert (chosen.version, [(one.policy.version, one.since) for one in shadows]) == (
        "1",
        [(ref.version, START)],
    )
    assert contest.challenger.version == ref.version  # the name alone means the shadow


async def test_a_change_since_the_gate_looked_is_a_conflict(folder: Path) -> None:
    db = Database(store_url(folder))
    try:
        contest = await prepare(db, SHADOWED, SETTLED)
        await put_in_force(db, "linucb-v1")
        passed = Report("a", "b", 0.1, 600, ())
        with pytest.raises(Conflict, match="meanwhile"):
            await decide(db, contest, passed, Order("ada", "late", START))
    finally:
        await db.close()
