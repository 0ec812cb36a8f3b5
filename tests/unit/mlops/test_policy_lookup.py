"""From names to policies: what is pinned, promoted, in shadow, or no longer there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml.policies.neural_linear import NeuralLinear
from oo.domain.policies import Experience, PolicyRef, Trainable
from oo.mlops.policy_lookup import DEFAULT_POLICY, by_name, choose, find, find_by_key, in_shadow
from oo.store import policies
from oo.store.database import Database
from oo.store.policies import IN_FORCE, SHADOW, Change, Parameters, Roles
from tests.peers.store import fresh_store

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


def fitted(name: str) -> Trainable:
    policy = by_name(name)
    assert isinstance(policy, Trainable)
    people = {f"u{n}": [Experience({"priority": 0.1 * n}, 0.5, 3)] * 4 for n in range(3)}
    found = policy.fit(people)
    assert isinstance(found, Trainable)
    return found


async def keep(db: Database, ref: PolicyRef, data: bytes) -> None:
    async with db.write() as connection:
        await policies.keep_parameters(connection, Parameters(ref, data, {}, NOW))


async def test_a_fitted_version_is_found_with_its_parameters(db: Database) -> None:
    policy = fitted("neural-linear")
    assert isinstance(policy, NeuralLinear)
    ref = PolicyRef(policy.name, policy.version)
    await keep(db, ref, policy.parameters())
    async with db.read() as connection:
        found = await find(connection, ref)
        by_key = await find_by_key(connection, policy.state_key)
    assert isinstance(found, NeuralLinear)
    assert found.parameters() == policy.parameters()
    assert by_key is not None
    assert by_key.version == policy.version


async def test_parameters_of_another_release_are_not_passed_off(db: Database) -> None:
    ref = PolicyRef("ebts", "0.deadbeef")
    await keep(db, ref, fitted("ebts").parameters())
    async with db.read() as connection:
        with pytest.raises(ValueError, match="another release"):
            await find(connection, ref)
        with pytest.raises(ValueError, match="no ebts"):
            await find(connection, PolicyRef("ebts", "1.00000000"))


async def test_what_is_gone_leaves_the_default_in_force(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    refs = PolicyRef("gone", "1"), PolicyRef("lints", "1"), PolicyRef("lost", "1")
    async with db.write() as connection:
        for ref, role in zip(refs, (IN_FORCE, SHADOW, SHADOW), strict=True):
            await policies.record(connection, Change(ref, role, "ada", "look", {}, NOW))
    async with db.read() as connection:
        gone = await policies.roles(connection)
        assert gone == Roles(3, refs[0], refs[1:])
        chosen = await choose(connection, None, gone)
        pinned = await choose(connection, "linucb-v1", gone)
        shadows = await in_shadow(connection, gone)
        with pytest.raises(ValueError, match="there are"):
            await choose(connection, "unknown", gone)
    assert chosen.name == DEFAULT_POLICY
    assert [(shadow.policy.name, shadow.since) for shadow in shadows] == [("lints", NOW)]
    assert pinned.name == "linucb-v1"
    assert "gone" in caplog.text


async def test_a_fitted_version_can_be_pinned(db: Database) -> None:
    policy = fitted("ebts")
    ref = PolicyRef(policy.name, policy.version)  # type: ignore[attr-defined]
    await keep(db, ref, policy.parameters())
    async with db.read() as connection:
        chosen = await choose(connection, str(ref), Roles(0, None, ()))
        assert chosen.version == ref.version
        with pytest.raises(ValueError, match=r"no ebts@1\.feed"):
            await choose(connection, "ebts@1.feed", Roles(0, None, ()))
