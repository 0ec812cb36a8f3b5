"""Which delivery policy decides, and which one decided: versions of before draw again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ml.delivery.policies import delivery_policies
from ml.delivery.policies.learnt import Learnt
from oo.domain.fold import posterior_on
from oo.domain.interruptions import SPEAK, MomentKind, Occasion, Pushes, arms, features_of
from oo.domain.policies import Experience, Policy, PolicyRef, pick
from oo.domain.statistics import Statistics, day_of
from oo.mlops.delivery_policies import find_policy
from oo.store import delivery_rewards
from oo.store.database import Database
from oo.store.delivery_rewards import FittedPrior
from tests.peers.store import fresh_store

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CURRENT = delivery_policies()["learnt"]
# somebody who was sent two pushes ten days ago, and ignored them
IGNORED = Occasion(MomentKind.GAP, NOW, 0.8, True, {}, Pushes(0, 0, 0, 2, 240.0, False, 240.0))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with fresh_store(tmp_path) as store:
        yield store


def speaks(policy: Policy) -> float:
    posterior = posterior_on(policy, Statistics.empty(policy.dimension), day_of(NOW))
    made = pick(policy, posterior, arms(policy, features_of(IGNORED)), 1)
    return float(made.propensities[SPEAK])


def fitted(policy: Policy) -> Learnt:
    assert isinstance(policy, Learnt)
    rng = np.random.default_rng(1)

    def lived() -> Experience:
        drawn = rng.normal(size=policy.dimension).tolist()
        return Experience(dict(zip(policy.features, drawn, strict=True)), 0.3, 300)

    return policy.fit({f"u{n}": [lived(), lived()] for n in range(12)})


async def test_decisions_of_an_earlier_version_are_drawn_by_it(db: Database) -> None:
    before = await find_policy(db, PolicyRef("learnt", "1"))
    now = await find_policy(db, PolicyRef("learnt", CURRENT.version))
    assert now is CURRENT
    assert speaks(before) == pytest.approx(8 * speaks(now))


async def test_a_prior_that_an_earlier_version_was_fitted_with_serves_both(db: Database) -> None:
    """A release takes over the prior that is there: its decisions carry its own version."""
    old = fitted(await find_policy(db, PolicyRef("learnt", "1")))
    kept = FittedPrior("learnt", old.version, old.parameters(), 12, NOW)
    async with db.write() as connection:
        await delivery_rewards.add_prior(connection, kept)
    new = fitted(CURRENT)
    assert old.version.startswith("1.")
    assert new.version == "2" + old.version[1:]
    for made in (old, new):
        found = await find_policy(db, PolicyRef("learnt", made.version))
        assert (found.version, speaks(found)) == (made.version, speaks(made))


async def test_a_version_that_never_was_is_not_found(db: Database) -> None:
    with pytest.raises(ValueError, match="any more"):
        await find_policy(db, PolicyRef("learnt", "9"))
