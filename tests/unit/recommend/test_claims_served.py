"""Tips that were true when they were written, and what has happened since."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ml.composing.fallback import fallback
from ml.generation.drafts import Source, TipDraft
from ml.generation.validation import judge
from oo.domain.context import PromptContext
from oo.domain.standing import Standing
from oo.domain.tasks import Task
from oo.domain.tips import TipCandidate, TipKind
from oo.kit.clock import ManualClock
from oo.recommend.assembly import assemble
from oo.recommend.deciding import Account, Served
from oo.recommend.filling import identify
from oo.recommend.pool import Pool
from oo.recommend.scoring import Choice, ScoreRequest
from oo.store import candidates, tables, tasks, users
from oo.store.database import Database
from tests.unit.recommend.conftest import START
from tests.unit.recommend.test_recommender import recommender

MORNING = START.date()


def rent(**fields: object) -> Task:
    return Task("file:1", "file", "1", "Pay rent", **fields)  # type: ignore[arg-type]


def others(count: int) -> list[Task]:
    return [Task(f"file:{n}", "file", f"{n}", f"Task {n}") for n in range(2, 2 + count)]


async def context_of(
    db: Database, clock: ManualClock, user: str, zone: str = "UTC"
) -> PromptContext:
    async with db.read() as connection:
        listed = (await tasks.lists(connection, [user]))[user]
        rested = await tasks.available(connection, user, clock.now())
        available = await tasks.open_ones(connection, user, rested)
    return assemble(Standing(listed, ZoneInfo(zone)).at(clock.now()), available)


async def put(db: Database, user: str, *found: Task) -> None:
    async with db.write() as connection:
        await tasks.put(connection, user, found)
        await users.bump_pool(connection, user)


async def rest(connection: AsyncConnection, clock: ManualClock, task_id: str) -> None:
    until = clock.now() + timedelta(hours=2)
    t = tables.tasks
    await connection.execute(update(t).where(t.c.id == task_id).values(not_before=until))


async def write(
    db: Database, clock: ManualClock, user: str, content: str, task_id: str | None = "file:1"
) -> TipCandidate:
    """Put a model's tip into the pool, through the gate."""
    kind = TipKind.ADVICE if task_id is None else TipKind.TASK
    made = TipDraft(kind, content, task_id, 0.9, Source.LLM, "m", "v1")
    verdict = judge(made, await context_of(db, clock, user))
    assert not verdict.flaws
    async with db.write() as connection:
        listed = (await tasks.lists(connection, [user]))[user]
        moment = Standing(listed, ZoneInfo("UTC")).at(clock.now())
        (fresh,) = identify([replace(made, claims=verdict.claims)], clock, moment)
        await candidates.add(connection, user, "key", [fresh])
    return fresh


async def offered(
    db: Database, clock: ManualClock, user: str, pool: Pool | None = None
) -> set[str]:
    async with db.read() as connection:
        head = (await users.heads(connection, [user]))[user]
    stock = await (pool or Pool(db, clock)).stock(user, head.pool_version)
    return {entry.candidate.content for entry in stock.eligible(clock.now())}


async def test_overdue_by_days_ends_with_the_import_of_a_new_date(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put(db, user, rent(due=MORNING - timedelta(days=7)))
    said = (await write(db, clock, user, "“Pay rent” is overdue by 7 days.")).content
    pool = Pool(db, clock)
    assert await offered(db, clock, user, pool) == {said}
    await put(db, user, rent(due=MORNING + timedelta(days=1)))
    assert await offered(db, clock, user, pool) == set()


async def test_counts_are_of_the_whole_list_also_of_what_rests(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put(db, user, rent(), *others(3))
    async with db.write() as connection:
        for number in (2, 3, 4):
            await rest(connection, clock, f"file:{number}")
    context = await context_of(db, clock, user)
    assert (len(context.tasks), context.open_count) == (1, 4)
    assert context.first_of_all
    texts = [tip.content for tip in fallback(context, 40, Random(1))]
    assert not any("1 open task" in text for text in texts)
    for wrong in ("You have 1 open task.", "You have 3 open tasks."):
        made = TipDraft(TipKind.INSIGHT, wrong, None, 0.9, Source.LLM, "m", "v1")
        assert judge(made, context).flaws


async def test_the_most_pressing_may_rest(db: Database, clock: ManualClock, user: str) -> None:
    await put(db, user, rent(priority=4), *others(1))
    async with db.write() as connection:
        await rest(connection, clock, "file:1")
    context = await context_of(db, clock, user)
    assert [task.task_id for task in context.tasks] == ["file:2"]
    assert not context.first_of_all
    made = TipDraft(
        TipKind.TASK, "“Task 2” is the most pressing task.", "file:2", 0.9, Source.LLM, "m", "v1"
    )
    assert judge(made, context).flaws


async def test_what_was_due_this_morning_is_overdue_in_the_afternoon(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put(db, user, rent(due_at=datetime(2026, 11, 18, 5, 30, tzinfo=UTC)))
    clock.advance(timedelta(hours=7).total_seconds())  # 16:00
    context = await context_of(db, clock, user)
    assert context.overdue_count == 1
    texts = [tip.content for tip in fallback(context, 40, Random(1))]
    assert any("was due at 05:30" in text for text in texts)
    assert not any("due today" in text or "othing is overdue" in text for text in texts)
    for wrong in ("“Pay rent” is due today.", "Nothing is overdue, not even “Pay rent”."):
        made = TipDraft(TipKind.TASK, wrong, "file:1", 0.9, Source.LLM, "m", "v1")
        assert judge(made, context).flaws


async def test_due_today_ends_at_the_instant_and_so_does_nothing_is_overdue(
    db: Database, clock: ManualClock, user: str
) -> None:
    at = clock.now() + timedelta(minutes=20)
    await put(db, user, rent(due_at=at))
    first = await write(db, clock, user, "“Pay rent” is due today.")
    second = await write(db, clock, user, "Nothing is overdue: take a slow breath.", None)
    assert first.expires_at == second.expires_at == at
    pool = Pool(db, clock)
    assert len(await offered(db, clock, user, pool)) == 2
    clock.advance(20 * 60 + 0.000001)
    assert await offered(db, clock, user, pool) == set()


async def test_day_words_end_when_the_person_travels(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put(db, user, rent(due=MORNING))
    await write(db, clock, user, "“Pay rent” is due today.")
    await write(db, clock, user, "One thing this Wednesday morning is enough.", None)
    async with db.write() as connection:
        await users.set_timezone(connection, user, "Pacific/Kiritimati")
    assert await offered(db, clock, user) == set()


async def test_a_look_ends_where_the_claims_end_in_the_zone_of_now(
    db: Database, clock: ManualClock, user: str
) -> None:
    """Else a person who travelled is decided on again and again, until the look is old."""
    await put(db, user, rent())
    await write(db, clock, user, "Give “Pay rent” five minutes this morning.")  # 9:00 in UTC
    async with db.write() as connection:
        await users.set_timezone(connection, user, "Europe/Zurich")
    clock.advance(timedelta(hours=1, minutes=59, seconds=59.5).total_seconds())
    pool = Pool(db, clock)
    assert await offered(db, clock, user, pool)  # 11:59:59.5 there
    clock.advance(0.5)
    assert await offered(db, clock, user, pool) == set()


async def test_a_tip_under_an_old_title_is_not_served(
    db: Database, clock: ManualClock, user: str
) -> None:
    await put(db, user, rent())
    await write(db, clock, user, "Give “Pay rent” five minutes.")
    await put(db, user, replace(rent(), title="Pay the rent"))
    assert await offered(db, clock, user) == set()


class Meddler:
    """A shard during whose answer something happens to the list."""

    def __init__(self, db: Database, user: str, changed: Task) -> None:
        self.db, self.user, self.changed, self.calls = db, user, changed, 0

    async def score(self, requests: Sequence[ScoreRequest]) -> Sequence[Choice | Exception]:
        self.calls += 1
        if self.calls == 1:
            await put(self.db, self.user, self.changed)
        return [Choice(0, [0.0], [1.0], "random", "1", 0) for _ in requests]


@pytest.mark.parametrize(
    ("days", "asked"),
    [(7, 1), (-1, 2)],
    ids=["a change that leaves it true", "a change that makes it false"],
)
async def test_a_change_during_the_ranking_is_seen_before_the_commit(
    db: Database, clock: ManualClock, user: str, days: int, asked: int
) -> None:
    await put(db, user, rent(due=MORNING - timedelta(days=7)))
    said = (await write(db, clock, user, "“Pay rent” is overdue by 7 days.")).content
    shard = Meddler(db, user, rent(due=MORNING - timedelta(days=days), priority=4))
    recommends = recommender(
        db, clock, shard, lambda context, n: fallback(context, 1, Random(1)), deadline_s=5.0
    )
    served = await recommends.recommend(Account(user, 0, 2, "UTC"))
    assert isinstance(served, Served)
    assert (served.candidate.content == said) is (asked == 1)
    assert shard.calls == asked
    async with db.read() as connection:
        logged = (await connection.execute(select(tables.tip_scores))).all()
    assert len(logged) == 1
