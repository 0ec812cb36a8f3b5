"""Whoever leaves is forgotten exactly, and the order of what is learnt does not matter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest
from sqlalchemy import update

from ml.features import REGISTRY
from ml.policies._thompson import Thompson
from ml.tracking import Tracking
from oo.domain.consents import POOLING
from oo.domain.rewards import Action
from oo.domain.statistics import Floats, Statistics
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest
from oo.mlops import retraining
from oo.mlops.policy_lookup import by_name
from oo.recommend.learner import Learner
from oo.recommend.outcomes import Outcomes
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import decisions, models, policies, users
from oo.store.database import Database
from oo.store.tables import users as users_table
from tests.peers.store import add_person, fresh_store, say
from tests.unit.recommend.conftest import START, serve_tip

PEOPLE = retraining.LEAST_PEOPLE + 1


@asynccontextmanager
async def world(folder: Path, members: list[str]) -> AsyncIterator[tuple[Database, ManualClock]]:
    """A store in which these people have reacted, each in a way of their own."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else waits in a test
    clock = ManualClock(START)
    async with fresh_store(folder) as db:
        for name in members:
            await live(db, clock, name)
        yield db, clock


async def live(db: Database, clock: ManualClock, name: str) -> str:
    user = await add_person(db, clock, name)
    async with db.write() as connection:
        await say(connection, user, POOLING, clock.now())
    random, border = Random(name), Reactions(db, clock)
    for number in range(12):
        features = {key: [random.uniform(-1, 1), 0.0] for key in REGISTRY.names}
        tip = await serve_tip(db, clock, user, features=features)
        if random.random() < 0.8:
            action = random.choice(list(Action))
            request = ReactionRequest(user, tip, action, random.randrange(90_000), str(number))
            await border.accept(request)
        else:
            async with db.write() as connection:
                await decisions.mark_seen(connection, user, tip, clock.now())
    return user


async def fitted(db: Database, clock: ManualClock, folder: Path, name: str) -> dict[str, Floats]:
    tracking = Tracking(f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")
    found = await retraining.retrain(db, tracking, name, clock.now())
    async with db.read() as connection:
        kept = await policies.parameters(connection, found.policy)
    assert kept is not None
    policy = by_name(name).with_parameters(kept.data)  # type: ignore[attr-defined]
    assert isinstance(policy, Thompson)
    arrays = {"mean": policy.prior.mean, "covariance": policy.prior.predictive}
    if hasattr(policy, "network"):
        arrays |= {"inner": policy.network.inner, "outer": policy.network.outer}
    return arrays | {"noise": np.array([policy.prior.noise])}


@pytest.mark.parametrize("name", ["ebts", "neural-linear"])
async def test_a_fit_without_somebody_is_as_if_they_had_never_been(
    tmp_path: Path, name: str
) -> None:
    people = [f"person-{number}" for number in range(PEOPLE)]
    others = [one for one in people if one != "person-2"]
    async with world(tmp_path / "all", people) as (db, clock):
        before = await fitted(db, clock, tmp_path / "all", name)
        async with db.write() as connection:
            await connection.execute(
                update(users_table)
                .where(users_table.c.email == "person-2@example.org")
                .values(deleted_at=clock.now())
            )
        after = await fitted(db, clock, tmp_path / "all", name)
    async with world(tmp_path / "others", others) as (db, clock):
        never = await fitted(db, clock, tmp_path / "others", name)
    for key, value in never.items():
        np.testing.assert_allclose(after[key], value, rtol=0, atol=1e-9)
    assert any(not np.allclose(before[key], after[key], atol=1e-6) for key in before)


async def test_a_person_without_consent_teaches_others_nothing(tmp_path: Path) -> None:
    async with world(tmp_path / "all", ["ada", "bob"]) as (db, clock):
        async with db.write() as connection:
            for user in await users.sequences(connection):
                await say(connection, user, POOLING, clock.now(), given=False)
        with pytest.raises(BadRequest, match="agreed"):
            await fitted(db, clock, tmp_path / "all", "ebts")


async def test_too_few_people_are_not_fitted(tmp_path: Path) -> None:
    few = [f"person-{number}" for number in range(retraining.LEAST_PEOPLE - 1)]
    async with world(tmp_path / "few", few) as (db, clock):
        with pytest.raises(BadRequest, match=f"Only {len(few)} people .* at least 20 are needed"):
            await fitted(db, clock, tmp_path / "few", "ebts")


async def posterior(db: Database, clock: ManualClock, user: str, seq: int) -> Statistics:
    learner = Learner(db, by_name("ebts"), clock)
    await learner.catch_up({user: seq})
    await learner.flush()
    async with db.read() as connection:
        return Statistics.decode((await models.load(connection, [user], "ebts"))[user].state)


@pytest.mark.parametrize("seed", range(5))
async def test_order_and_duplicates_of_reactions_do_not_matter(tmp_path: Path, seed: int) -> None:
    found = []
    for order in (Random(0), Random(seed + 1)):
        async with world(tmp_path / f"{len(found)}", []) as (db, clock):
            user, random = await add_person(db, clock), Random(seed)
            border, outcomes, requests = Reactions(db, clock), Outcomes(db, clock), []
            for number in range(15):
                features = {key: [random.uniform(-1, 1), 0.0] for key in REGISTRY.names}
                tip = await serve_tip(db, clock, user, features=features)
                async with db.write() as connection:
                    await decisions.mark_seen(connection, user, tip, clock.now())
                action, dwell = random.choice(list(Action)), random.randrange(90_000)
                if number < 12:
                    requests.append(ReactionRequest(user, tip, action, dwell, str(number)))
            copies = requests + order.sample(requests, 6)
            order.shuffle(copies)
            for request in copies:
                await border.accept(request)
            clock.advance(25 * 3600)
            for _ in range(order.randrange(1, 4)):
                await outcomes.settle_missed()
            found.append(await posterior(db, clock, user, 15))
    first, second = (by_name("ebts").posterior(one.scaled(1e-2)) for one in found)
    np.testing.assert_allclose(first.mean, second.mean, rtol=0, atol=1e-9)
    np.testing.assert_allclose(first.covariance, second.covariance, rtol=0, atol=1e-9)
    assert found[0].n == pytest.approx(found[1].n)
