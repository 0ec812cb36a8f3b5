"""While the shards are away, the ingress picks as they would have."""

from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.policies import policies
from oo.domain.policies import Policy, PolicyRef, ref_of
from oo.domain.rewards import Action
from oo.domain.statistics import day_of
from oo.kit.clock import ManualClock
from oo.kit.errors import Unavailable
from oo.mlops.policy_lookup import DEFAULT_POLICY, serving
from oo.recommend import standby
from oo.recommend.learner import Learner
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.scoring import Choice, ScoreRequest
from oo.recommend.standby import Standby
from oo.store.database import Database
from tests.peers.store import add_person
from tests.unit.recommend.conftest import serve_tip

FEATURES = {
    name: [0.1 * index, 0.5, 0.9 - 0.1 * index]
    for index, name in enumerate(sorted({f for one in policies().values() for f in one.features}))
}


class Shards:
    """A shard that answers, fails or fails for one person."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.away: Exception | None = None
        self.without = ""

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        if self.away is not None:
            raise self.away
        found = await self.learner.score(requests)
        pairs = zip(requests, found, strict=True)
        return [Unavailable("x") if it.user_id == self.without else one for it, one in pairs]


@pytest.fixture
def shards(db: Database, clock: ManualClock) -> Shards:
    return Shards(Learner(db, policies()["lints"], clock))


def asked(clock: ManualClock, user: str, seq: int, seed: int = 7) -> ScoreRequest:
    return ScoreRequest(user, seq, seed, FEATURES, day_of(clock.now()))


async def reacted(db: Database, clock: ManualClock, user: str, times: int) -> None:
    border = Reactions(db, clock)
    for _ in range(times):
        tip = await serve_tip(db, clock, user)
        await border.accept(ReactionRequest(user, tip, Action.DONE, 900, tip))


async def test_the_pick_is_the_one_that_the_shard_would_have_made(
    db: Database, clock: ManualClock, user: str, shards: Shards
) -> None:
    await reacted(db, clock, user, 3)
    both = Standby(shards, db, clock, serving)
    wanted = [asked(clock, user, 3, seed) for seed in range(20)]
    here = await both.score(wanted)
    assert {it.policy for it in here if isinstance(it, Choice)} == {"lints"}
    await shards.learner.flush()
    shards.away = ConnectionError("the shard is gone")
    assert await both.score(wanted) == here
    await reacted(db, clock, user, 2)  # which no shard has folded
    later = await both.score([asked(clock, user, 5, seed) for seed in range(20)])
    assert {it.state_seq for it in later if isinstance(it, Choice)} == {5}
    shards.away = None
    assert await both.score([asked(clock, user, 5, seed) for seed in range(20)]) == later
    assert both._learner is None


async def test_only_whom_a_shard_fails_is_picked_for_here(
    db: Database, clock: ManualClock, user: str, shards: Shards
) -> None:
    bob = await add_person(db, clock, "bob")
    shards.without = bob
    both = Standby(shards, db, clock, serving)
    answers = await both.score([asked(clock, user, 0), asked(clock, bob, 0)])
    assert {it.policy for it in answers if isinstance(it, Choice)} == {"lints"}
    assert len([it for it in answers if isinstance(it, Choice)]) == 2


async def test_who_never_heard_of_a_shard_picks_by_the_policy_in_force(
    db: Database, clock: ManualClock, user: str, shards: Shards
) -> None:
    shards.away = Unavailable("it is still starting")
    (pick,) = await Standby(shards, db, clock, serving).score([asked(clock, user, 0)])
    assert isinstance(pick, Choice)
    assert PolicyRef(pick.policy, pick.policy_version) == ref_of(policies()[DEFAULT_POLICY])


async def test_what_cannot_be_picked_here_either_keeps_the_shards_error(
    db: Database, clock: ManualClock, user: str, shards: Shards
) -> None:
    async def none(connection: AsyncConnection, last: PolicyRef | None) -> Policy:
        raise ConnectionError("the store is away")

    shards.away = Unavailable("away")
    both = Standby(shards, db, clock, none)
    assert await both.score([asked(clock, user, 0)]) == [shards.away]


async def test_states_are_kept_for_so_many(
    db: Database, clock: ManualClock, shards: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "MOST_PEOPLE", 3)
    shards.away = Unavailable("away")
    both = Standby(shards, db, clock, serving)
    for number in range(8):
        person = await add_person(db, clock, f"person {number}")
        (pick,) = await both.score([asked(clock, person, 0)])
        assert isinstance(pick, Choice)
        assert both._learner is not None
        assert len(both._learner._models) <= 3
