"""Tips that speak of what the person did: served while that is so, gone with the next reaction."""

from datetime import timedelta

from ml.policies import policies
from oo.domain.claims import Claim, Fact
from oo.domain.rewards import Action
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.kit.clock import ManualClock
from oo.kit.ids import new_id
from oo.recommend.gathering import gather
from oo.recommend.learner import Learner
from oo.recommend.pool import Pool
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import candidates, tasks, users
from oo.store.database import Database
from tests.unit.recommend.deciding import decide


async def offered(db: Database, clock: ManualClock, user: str, pool: Pool) -> list[str]:
    async with db.read() as connection:
        head = (await users.heads(connection, [user]))[user]
    stock = await pool.stock(user, head.pool_version)
    return [entry.candidate.content for entry in stock.eligible(clock.now())]


async def done(db: Database, clock: ManualClock, user: str, seq: int) -> None:
    tip = await decide(db, clock, Learner(db, policies()["egreedy-v1"], clock), user, seq)
    request = ReactionRequest(user, tip, Action.DONE, 20_000, f"key-{seq}")
    await Reactions(db, clock).accept(request)


async def test_what_was_done_is_known_and_a_tip_of_it_ends_with_the_next(
    db: Database, clock: ManualClock, user: str
) -> None:
    now = clock.now()
    async with db.write() as connection:
        await tasks.put(connection, user, [Task("f:1", "f", "1", "Call mum")])
    await done(db, clock, user, 0)
    async with db.read() as connection:
        assembled = await gather(connection, user, now)
    assert assembled is not None
    assert assembled.context.lately is not None
    assert assembled.context.lately.done_today == 1
    said = "You have done 1 thing today."
    claims = (Claim(Fact.DONE_TODAY, value=1),)
    made = TipCandidate(
        new_id(clock), TipKind.INSIGHT, said, "llm", "m", "v", 0.9, None, now,
        now + timedelta(hours=2), claims,
    )  # fmt: skip
    async with db.write() as connection:
        await candidates.add(connection, user, "key", [made])
    pool = Pool(db, clock)
    assert await offered(db, clock, user, pool) == [said]
    await done(db, clock, user, 1)
    assert await offered(db, clock, user, pool) == []
