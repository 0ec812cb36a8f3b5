"""Who moves to another oO gets the tips there that they would have got here."""

from datetime import timedelta
from itertools import cycle
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from ml.features import REGISTRY
from ml.generation.drafts import TipDraft
from ml.policies import policies
from oo.domain.context import PromptContext
from oo.domain.rewards import Action
from oo.domain.tasks import Task
from oo.domain.tips import TipKind
from oo.identity.takein import takein
from oo.identity.takeout import takeout
from oo.kit.clock import ManualClock
from oo.mlops.policy_lookup import DEFAULT_POLICY, Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.recommend.deciding import Account, Served
from oo.recommend.fallback import FallbackPool
from oo.recommend.learner import Learner
from oo.recommend.pool import Pool
from oo.recommend.profile_cache import Profiles
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.recommend.recommender import Recommender
from oo.store import tasks, users
from oo.store.database import Database
from tests.peers.store import add_person, fresh_store
from tests.unit.recommend.conftest import START
from tests.unit.recommend.test_recommender import NoRefill

BEFORE, AFTER = 25, 100


class Made(NamedTuple):
    """A decision, without the ids that every oO makes for itself."""

    content: str
    propensities: list[float]
    scores: list[float]
    features: dict[str, list[float]]
    state_seq: int


def write(context: PromptContext, count: int) -> list[TipDraft]:
    """As many tips, each of a task; composing real ones takes longer than all the rest."""
    return [
        TipDraft(kind, f"{task.title}: {kind.value}", task.task_id, 0.5, "template", "none", "v1")
        for task, kind in zip(context.tasks, cycle(TipKind), strict=False)
    ][:count]


async def live(db: Database, clock: ManualClock, user: str, seed: int, count: int) -> list[Made]:
    """Decisions of somebody who reacts to most of them, as a process that has just begun."""
    random = Random(seed)
    learner = Learner(db, policies()[DEFAULT_POLICY], clock)
    recommender = Recommender(
        db=db,
        clock=clock,
        pool=Pool(db, clock),
        profiles=Profiles(db, clock),
        features=REGISTRY.columns,
        ranker=learner,
        refill=NoRefill(),
        fallback=FallbackPool(db, clock, write),
        seeds=lambda: random.getrandbits(63),
        deadline_s=60.0,
    )
    made, border = [], Reactions(db, clock)
    for number in range(count):
        async with db.read() as connection:
            head = (await users.heads(connection, [user]))[user]
        account = Account(user, head.user_seq, head.pool_version, head.timezone)
        served = await recommender.recommend(account)
        assert isinstance(served, Served)
        one = served.decision
        made.append(
            Made(one.candidate.content, one.propensities, one.scores, one.features, one.state_seq)
        )
        clock.advance(random.randrange(60, 7200))
        if random.random() < 0.8:
            action = random.choice([Action.DISMISS, Action.SNOOZE, Action.SNOOZE, Action.DONE])
            key = f"{seed}-{number}"
            await border.accept(
                ReactionRequest(user, one.id, action, random.randrange(90_000), key)
            )
    await learner.flush()
    return made


async def test_the_next_hundred_decisions_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "ada.zip"
    for folder in (old, new):
        folder.mkdir()
    clock = ManualClock(START)
    async with fresh_store(old) as db, fresh_store(new) as other:
        user = await add_person(db, clock)
        found = [
            Task(
                f"file:{n}", "file", str(n), f"Read book {n}", priority=n % 5,
                due=(START + timedelta(days=n % 7 - 2)).date(), added_at=START,
            )
            for n in range(40)
        ]  # fmt: skip
        async with db.write() as connection:
            await tasks.put(connection, user, found, START)
        await live(db, clock, user, 1, BEFORE)
        moved_at = clock.now()
        pieces = [piece async for piece in takeout(db, user, moved_at)]
        file.write_bytes(b"".join(pieces))
        assert (await takein(other, clock, file, "test")).user_id == user

        # candidates stand in the order of their ids
        monkeypatch.setattr("oo.kit.ids.os.urandom", Random(3).randbytes)
        here = await live(db, clock, user, 2, AFTER)
        monkeypatch.setattr("oo.kit.ids.os.urandom", Random(3).randbytes)
        there = await live(other, ManualClock(moved_at), user, 2, AFTER)
        assert len({one.content for one in here}) > AFTER / 4
        assert there == here
        async with other.read() as connection:
            assert (await users.sequences(connection))[user] > BEFORE / 2
        assert (await check_models(other, find_by_key)).different == []
        assert (await check_decisions(other, Finder().find)).different == []
