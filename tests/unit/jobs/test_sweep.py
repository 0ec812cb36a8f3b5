"""What a wake-up did not bring about, the sweep does; with every shard away it folds by itself."""

import asyncio

import pytest

from oo.jobs.periodic import sweep
from oo.kit.clock import ManualClock
from oo.kit.errors import Unavailable
from oo.mlops.policy_lookup import find_by_key, serving
from oo.mlops.replay import check_models
from oo.recommend.catching_up import CatchingUp
from oo.store.database import Database
from tests.unit.recommend.conftest import clock, db, user  # noqa: F401 - fixtures
from tests.unit.recommend.test_learner import react


class Shards:
    """Shards that may be away: they refuse, or never answer."""

    def __init__(self, key: str = "", *, hangs: bool = False) -> None:
        self._key, self._hangs = key, hangs
        self.woken: dict[str, int] = {}

    def wake(self, user_id: str, user_seq: int) -> None:
        self.woken[user_id] = user_seq

    async def status(self) -> str:
        if self._hangs:
            await asyncio.Event().wait()
        if not self._key:
            raise Unavailable("the bandit shard is away")
        return self._key


async def test_shards_are_woken_for_who_is_behind(
    db: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
    user: str,  # noqa: F811
) -> None:
    await react(db, clock, user, 3)
    shards = Shards("egreedy-v1")
    assert await sweep.run(db, clock, shards, CatchingUp(db, clock, serving)) == 1
    assert shards.woken == {user: 3}
    assert (await check_models(db, find_by_key)).models == 0


@pytest.mark.parametrize("shards", [Shards(), Shards(hangs=True)], ids=["refuses", "hangs"])
async def test_while_a_shard_is_away_reactions_are_folded_without_it(
    db: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
    user: str,  # noqa: F811
    shards: Shards,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "ANSWERS_WITHIN_S", 0.01)
    await react(db, clock, user, 3)
    here = CatchingUp(db, clock, serving)
    assert await sweep.run(db, clock, shards, here) == 1
    report = await check_models(db, find_by_key)
    assert (report.models, report.reactions, report.different, report.behind) == (1, 3, [], 0)
    assert await sweep.run(db, clock, shards, here) == 0
