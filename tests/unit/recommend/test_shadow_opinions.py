"""What shadows say of decisions: all of it, once, equal to a replay, and nobody is held up."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from ml.policies import policies
from oo.domain.policies import Trainable
from oo.kit.clock import ManualClock
from oo.mlops.policy_lookup import Finder, find_by_key
from oo.mlops.replay import check_decisions, check_models
from oo.recommend import shadow_opinions
from oo.recommend.learner import Learner
from oo.recommend.shadow_opinions import ShadowOpinions
from oo.store import decisions, opinions, tables
from oo.store.database import Database
from tests.peers.shadows import Hindered, InShadow, ask_all
from tests.peers.store import add_person
from tests.unit.recommend.conftest import START
from tests.unit.recommend.deciding import decide, live, said

KNOWN = policies()


@pytest.fixture
def learner(db: Database, clock: ManualClock) -> Learner:
    return Learner(db, KNOWN["egreedy-v1"], clock)


def asking(db: Database, clock: ManualClock, *names: str) -> ShadowOpinions:
    return ShadowOpinions(db, clock, InShadow([KNOWN[name] for name in names], START))


async def assert_replayed(db: Database, count: int) -> None:
    """Every opinion comes out again, and so does every state."""
    drawn = await check_decisions(db, Finder().find)
    assert (drawn.opinions, drawn.different) == (count, [])
    assert (await check_models(db, find_by_key)).different == []


async def test_each_decision_is_judged_with_what_it_knew(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    tips = await live(db, clock, learner, user, 6)
    assert await ask_all(asking(db, clock, "lints", "ebts")) == 12
    for policy in ("lints", "ebts"):
        rows = await said(db, policy)
        assert [rows[tip].state_seq for tip in tips] == [0, 1, 2, 3, 4, 5]
        assert {(row.user_id, row.policy_version) for row in rows.values()} == {(user, "1")}
    await assert_replayed(db, 12)


async def test_a_slow_shadow_goes_on_in_its_next_turn(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    tips = await live(db, clock, learner, user, 5)
    slow = Hindered(KNOWN["lints"], lambda: clock.advance(0.6))
    asked = ShadowOpinions(db, clock, InShadow([slow, KNOWN["ebts"]], START))
    assert await asked.ask() == 2 + 5  # nobody else has fewer turns for it
    assert await ask_all(asked) == 3
    assert set(await said(db, "lints")) == set(tips)
    await assert_replayed(db, 10)


async def test_a_failing_shadow_holds_up_nobody_and_is_asked_again(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    broken = True

    def fail() -> None:
        if broken:
            raise RuntimeError("broken")

    shadows = [Hindered(KNOWN["ebts"], fail), KNOWN["lints"]]
    asked = ShadowOpinions(db, clock, InShadow(shadows, START))
    tips = await live(db, clock, learner, user, 3)
    assert await ask_all(asked) == 3
    assert (set(await said(db, "lints")), await said(db, "ebts")) == (set(tips), {})
    broken = False
    assert await asked.ask() == 0  # it is left alone for a while
    clock.advance(shadow_opinions.PAUSES.first.total_seconds())
    assert await asked.ask() == 3
    await assert_replayed(db, 6)


async def test_a_shadow_that_fails_on_everybody_is_left_alone_itself(
    db: Database, clock: ManualClock, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow_opinions, "FAILING", 2)
    calls = 0

    def fail() -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("broken")

    asked = ShadowOpinions(db, clock, InShadow([Hindered(KNOWN["ebts"], fail)], START))
    for number in range(3):
        await decide(db, clock, learner, await add_person(db, clock, f"person-{number}"))
    assert (await asked.ask(), calls) == (0, 3)
    await decide(db, clock, learner, await add_person(db, clock, "somebody new"))
    assert (await asked.ask(), calls) == (0, 3)
    clock.advance(shadow_opinions.PAUSES.first.total_seconds())
    assert (await asked.ask(), calls) == (0, 7)


async def test_a_person_whose_state_cannot_be_read_holds_up_nobody(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    other = await add_person(db, clock, "bob")
    m = tables.user_models
    async with db.write() as connection:
        unreadable = {"user_id": user, "policy": "lints", "state": b"?", "applied_seq": 1}
        await connection.execute(insert(m).values(**unreadable, updated_at=clock.now()))
    mine = await live(db, clock, learner, user, 3)
    theirs = await live(db, clock, learner, other, 3)
    asked = asking(db, clock, "lints")
    assert await ask_all(asked) == 3
    assert set(await said(db, "lints")) == set(theirs)
    async with db.write() as connection:
        await connection.execute(delete(m).where(m.c.user_id == user, m.c.policy == "lints"))
    clock.advance(shadow_opinions.PAUSES.first.total_seconds())
    assert await asked.ask() == 3
    assert set(await said(db, "lints")) == {*mine, *theirs}
    await assert_replayed(db, 6)


async def test_one_with_much_to_fold_says_everything(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    await live(db, clock, learner, user, 600)
    since = clock.now()
    asked = ShadowOpinions(db, clock, InShadow([KNOWN["lints"]], since))
    tips = await live(db, clock, learner, user, 3, seq=600)
    assert await ask_all(asked) == 3
    rows = await said(db, "lints")
    assert [rows[tip].state_seq for tip in tips] == [600, 601, 602]
    await assert_replayed(db, 3)


async def test_a_version_that_shares_the_states_of_what_is_in_force_says_everything(
    db: Database, clock: ManualClock, user: str
) -> None:
    plain = KNOWN["ebts"]
    assert isinstance(plain, Trainable)
    fitted = plain.with_parameters(plain.parameters())
    assert fitted.state_key == plain.state_key
    async with db.write() as connection:
        await connection.execute(
            insert(tables.policy_parameters).values(
                policy=fitted.name,
                version=fitted.version,
                data=plain.parameters(),
                report={},
                created_at=clock.now(),
            )
        )
    # the stored state of the person is ahead of all of these
    tips = await live(db, clock, Learner(db, plain, clock), user, 4)
    assert await ask_all(ShadowOpinions(db, clock, InShadow([fitted], START))) == 4
    rows = await said(db, "ebts")
    assert [(rows[tip].state_seq, rows[tip].policy_version) for tip in tips] == [
        (seq, fitted.version) for seq in range(4)
    ]
    await assert_replayed(db, 4)


async def test_killed_before_states_are_written_nothing_is_doubled_or_lost(
    db: Database, clock: ManualClock, learner: Learner, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def die(_self: Learner) -> int:
        raise Killed

    tips = await live(db, clock, learner, user, 4)
    with monkeypatch.context() as patch:
        patch.setattr(Learner, "flush", die)
        with pytest.raises(Killed):
            await asking(db, clock, "lints").ask()
    assert set(await said(db, "lints")) == set(tips)
    tips += await live(db, clock, learner, user, 3, seq=4)
    assert await ask_all(asking(db, clock, "lints")) == 3
    assert set(await said(db, "lints")) == set(tips)
    await assert_replayed(db, 7)


async def test_what_could_not_be_logged_is_said_again(
    db: Database, clock: ManualClock, learner: Learner, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object) -> None:
        raise OSError("the disk is full")

    tips = await live(db, clock, learner, user, 4)
    asked = asking(db, clock, "lints")
    with monkeypatch.context() as patch:
        patch.setattr(opinions, "add", fail)
        assert await asked.ask() == 0
    clock.advance(shadow_opinions.PAUSES.first.total_seconds())
    assert await asked.ask() == 4
    rows = await said(db, "lints")
    assert [rows[tip].state_seq for tip in tips] == [0, 1, 2, 3]
    await assert_replayed(db, 4)


async def test_two_at_once_double_nothing(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    tips = await live(db, clock, learner, user, 20)
    await asyncio.gather(*(ask_all(asking(db, clock, "lints")) for _ in range(2)))
    assert set(await said(db, "lints")) == set(tips)
    await assert_replayed(db, 20)


async def test_only_what_a_shadow_can_speak_of_is_asked(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    await decide(db, clock, learner, user)
    clock.advance(1)
    shadows = InShadow([KNOWN["lints"]], clock.now())
    asked = ShadowOpinions(db, clock, shadows)
    own = Learner(db, KNOWN["lints"], clock)
    await decide(db, clock, own, user)  # it was pinned for a moment
    gone = await add_person(db, clock, "gone")
    await decide(db, clock, learner, gone)
    async with db.write() as connection:
        deleted = update(tables.users).where(tables.users.c.id == gone)
        await connection.execute(deleted.values(deleted_at=clock.now()))
    wanted = {
        await decide(db, clock, learner, user),
        await decide(db, clock, own, user, degraded="ranking_late"),
    }
    assert await ask_all(asked) == 2
    assert set(await said(db, "lints")) == wanted
    too_old = await decide(db, clock, learner, user)
    clock.advance(timedelta(hours=2).total_seconds())
    assert await ask_all(asked) == 0
    assert too_old not in await said(db, "lints")


async def test_a_decision_that_was_committed_late_is_not_missed(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    asked = asking(db, clock, "lints")
    await decide(db, clock, learner, user)
    clock.advance(30)
    assert await ask_all(asked) == 1
    late = await decide(db, clock, learner, user)
    async with db.write() as connection:
        t = tables.tip_scores
        at = clock.now() - timedelta(seconds=20)
        await connection.execute(update(t).where(t.c.id == late).values(created_at=at))
    assert await ask_all(asked) == 1
    assert late in await said(db, "lints")


async def test_a_change_keeps_the_memory_of_shadows_that_stay(
    db: Database, clock: ManualClock, learner: Learner, user: str
) -> None:
    shadows = InShadow([KNOWN["ebts"]], START)
    asked = ShadowOpinions(db, clock, shadows)
    await live(db, clock, learner, user, 3)
    assert await ask_all(asked) == 3
    (before,) = asked._seats.values()
    shadows.set([KNOWN["ebts"], KNOWN["lints"]], clock.now())
    await decide(db, clock, learner, user, 3)
    assert await ask_all(asked) == 2
    assert asked._seats[("ebts", "1")] is before  # type: ignore[index]
    assert [row.state_seq for row in (await said(db, "lints")).values()] == [3]
    shadows.set([KNOWN["lints"]], START)
    assert await ask_all(asked) == 3
    assert len(await said(db, "ebts")) == 4
    async with db.read() as connection:
        assert len([one async for one in decisions.every(connection)]) == 4
