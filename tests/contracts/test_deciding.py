"""Whether to speak, decided on both stores: who, when, how it is logged, and what is learnt."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from ml.delivery.policies import delivery_policies
from oo.domain.consents import NOTIFICATIONS
from oo.domain.deliveries import Outcome
from oo.domain.interruptions import REWARDS, SWITCH_OFF_COST, MomentKind, PushOutcome
from oo.domain.lately import MOST_SLEEP
from oo.domain.quiet import Attention, QuietHours
from oo.domain.signals.kinds.event import Event
from oo.domain.signals.kinds.presence import Presence, State
from oo.kit.clock import ManualClock
from oo.mlops.deliveries import DeliveryQuestion, check, evaluate
from oo.store import attention, delivery_log, delivery_moments, delivery_rewards, signals, users
from oo.store.database import Database
from oo.store.tables import delivery_decisions, delivery_models
from oo.store.tables import delivery_moments as moments
from tests.peers import both_stores
from tests.peers.speaking import Life
from tests.peers.store import say

postgres_url, address, with_tables = (
    both_stores.postgres_url,
    both_stores.address,
    both_stores.with_tables,
)
MORNING = datetime(2026, 11, 23, 6, tzinfo=UTC)  # a Monday
POLICIES = delivery_policies()
sqlite = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


@pytest.fixture
async def life(with_tables: Database) -> Life:
    return Life(with_tables, ManualClock(MORNING), POLICIES["always"])


async def rows(life: Life) -> list[delivery_log.DeliveryDecision]:
    async with life.db.read() as connection:
        return [one async for one, _, _ in delivery_log.every(connection)]


async def test_a_day_has_few_moments_and_the_budget_holds(life: Life) -> None:
    ada = await life.person("ada")
    await life.person("bob", allows=False)
    async with life.db.write() as connection:
        await attention.save(connection, ada, Attention(budget=1), MORNING)
    made = await life.live(timedelta(days=3))
    assert {one.user_id for one in life.deliveries.sent} == {ada}
    assert len(life.deliveries.sent) == 3
    assert made == 3  # a moment beyond the budget is none
    days = {one.at.date() for one in life.deliveries.sent}
    assert len(days) == 3
    assert all(one.expires_at - one.at <= timedelta(hours=1) for one in life.deliveries.sent)


async def test_a_budget_of_none_is_silence(life: Life) -> None:
    ada = await life.person("ada")
    async with life.db.write() as connection:
        await attention.save(connection, ada, Attention(budget=0), MORNING)
    assert await life.live(timedelta(days=2)) == 0
    assert life.deliveries.sent == []


async def test_nothing_is_sent_in_quiet_hours_and_one_decision_follows_them(life: Life) -> None:
    zone = ZoneInfo("Pacific/Auckland")
    ada = await life.person("ada", zone.key)
    quiet = QuietHours(7 * 60, 20 * 60)  # by day: all usual hours lie in it
    async with life.db.write() as connection:
        await attention.save(connection, ada, Attention(quiet), MORNING)
    await life.live(timedelta(days=3))
    sent = [one.at.astimezone(zone) for one in life.deliveries.sent]
    assert sent
    assert not any(quiet.covers(at) for at in sent)
    assert len({at.date() for at in sent}) == len(sent), "a burst after quiet hours"


async def test_a_meeting_is_waited_for(life: Life) -> None:
    ada = await life.person("ada")
    meeting = Event(
        "diary:1", "diary", "1", "Planning",
        starts_at=MORNING + timedelta(hours=1), ends_at=MORNING + timedelta(hours=5),
    )  # fmt: skip
    async with life.db.write() as connection:
        await users.lock(connection, [ada])
        await signals.put(connection, ada, [meeting], MORNING)
    life.clock.advance(3 * 3600)
    await life.live(timedelta(hours=4))
    first = life.deliveries.sent[0].at
    assert first >= MORNING + timedelta(hours=5)


async def sighted(
    life: Life, person: str, state: State, source: str = "watch", ago: timedelta = timedelta()
) -> Presence:
    at = life.clock.now() - ago
    seen = Presence(f"{source}:{at}", source, f"{at}", at, state)
    async with life.db.write() as connection:
        await users.lock(connection, [person])
        await signals.put(connection, person, [seen], life.clock.now())
    return seen


async def test_nobody_is_woken_and_one_decision_follows_sleep(life: Life) -> None:
    """Asleep by a watch, on a free morning: nothing until it says that they are up."""
    ada, bob = await life.person("ada"), await life.person("bob")
    await sighted(life, ada, State.ASLEEP)
    await life.live(timedelta(hours=7))
    assert {one.user_id for one in life.deliveries.sent} == {bob}
    life.clock.advance(60)
    await sighted(life, ada, State.AWAY)
    await life.decider.decide_due()
    (first,) = [one for one in life.deliveries.sent if one.user_id == ada]
    assert first.at == life.clock.now()
    made = [one for one in await rows(life) if one.user_id == ada]
    assert [one.moment for one in made] == [MomentKind.AFTER_QUIET]


async def test_a_page_that_was_left_open_wakes_nobody(life: Life) -> None:
    ada = await life.person("ada")
    await sighted(life, ada, State.ASLEEP)
    for state in (State.IDLE, State.AWAY):
        life.clock.advance(3600)
        await sighted(life, ada, state, "page")
        await life.decider.decide_due()
    await life.live(timedelta(hours=5))
    assert life.deliveries.sent == []
    life.clock.advance(60)
    await sighted(life, ada, State.ACTIVE, "page")
    await life.decider.decide_due()
    assert [one.at for one in life.deliveries.sent] == [life.clock.now()]


async def test_who_woke_up_by_one_sync_or_while_nobody_looked_is_up(life: Life) -> None:
    """A sync brings the night and the morning at once; the process may have started since."""
    ada = await life.person("ada")
    await sighted(life, ada, State.ASLEEP)
    await life.live(timedelta(hours=7))
    assert life.deliveries.sent == []
    life.clock.advance(600)
    await sighted(life, ada, State.ACTIVE, ago=timedelta(minutes=5))
    await sighted(life, ada, State.ASLEEP, ago=timedelta(minutes=9))
    life.clock.advance(300)
    again = Life(life.db, life.clock, POLICIES["always"])
    await again.decider.decide_due()
    assert [one.at for one in again.deliveries.sent] == [life.clock.now()]


async def test_a_watch_that_was_put_away_keeps_nobody_asleep(life: Life) -> None:
    ada = await life.person("ada")
    await sighted(life, ada, State.ASLEEP)
    slept_at = life.clock.now()
    await life.live(timedelta(hours=15))
    assert life.deliveries.sent
    assert life.deliveries.sent[0].at >= slept_at + MOST_SLEEP


async def test_who_finishes_or_pauses_is_thought_of_sooner(life: Life) -> None:
    ada, bob = await life.person("ada"), await life.person("bob")
    life.clock.advance(6 * 3600)
    await life.decider.decide_due()
    life.clock.advance(90 * 60)
    at = life.clock.now()
    seen = Presence("page:1", "page", "1", at, State.IDLE)
    async with life.db.write() as connection:
        await users.lock(connection, [ada])
        await signals.put(connection, ada, [seen], at)
    async with life.db.write() as connection:
        await delivery_moments.sooner(connection, [bob], at, MomentKind.AFTER_COMPLETION)
    await life.decider.decide_due()
    kinds = {one.user_id: one.moment for one in await rows(life) if one.created_at == at}
    assert kinds == {ada: MomentKind.IDLE, bob: MomentKind.AFTER_COMPLETION}


async def test_who_has_nothing_to_hear_is_not_asked_about(life: Life) -> None:
    await life.person("ada")
    life.tips.nothing = True
    await life.live(timedelta(days=1))
    assert life.deliveries.sent == []
    assert {one.unsent for one in await rows(life)} == {"nothing_to_say"}


async def test_what_was_missed_while_nobody_looked_is_over(life: Life) -> None:
    await life.person("ada")
    await life.decider.decide_due()  # enrols
    life.clock.advance(2 * 24 * 3600)
    assert await life.decider.decide_due() == 0
    assert await life.live(timedelta(days=1)) <= 3


async def settled(life: Life) -> list[tuple[PushOutcome | None, float | None]]:
    life.clock.advance(3 * 3600)
    await life.settler.settle()
    return [(one.outcome, one.reward) for one in await rows(life)]


@pytest.mark.parametrize(
    ("happened", "outcome"),
    [
        ([Outcome.SENT], PushOutcome.IGNORED),
        ([Outcome.SENT, Outcome.SHOWN, Outcome.OPENED], PushOutcome.OPENED),
        ([Outcome.EXPIRED], None),
        ([], None),
    ],
)
async def test_what_came_of_a_push_is_its_reward(
    life: Life, happened: list[Outcome], outcome: PushOutcome | None
) -> None:
    await life.person("ada")
    await life.live(timedelta(hours=4))
    life.deliveries.sent = life.deliveries.sent[:1]
    for each in happened:
        life.deliveries.tell(life.deliveries.sent[0], each, timedelta(minutes=10))
    life.clock.advance(3600)
    found = await settled(life)
    assert found[0] == (outcome, outcome and REWARDS[outcome])
    assert await life.settler.settle() == 0


async def test_switching_off_is_charged_to_the_last_pushes_once(life: Life) -> None:
    ada = await life.person("ada")
    await life.live(timedelta(days=2))
    for one in life.deliveries.sent:
        life.deliveries.tell(one, Outcome.SENT)
    await settled(life)
    async with life.db.write() as connection:
        await say(connection, ada, NOTIFICATIONS, life.clock.now(), given=False)
    life.clock.advance(60)
    assert await life.settler.settle() > 0
    assert await life.settler.settle() == 0
    found = await rows(life)
    assert {one.outcome for one in found} == {PushOutcome.SWITCHED_OFF}
    ignored = REWARDS[PushOutcome.IGNORED] * len(found)
    assert sum(one.reward or 0 for one in found) == pytest.approx(ignored - SWITCH_OFF_COST)
    rewards = [one.reward or 0 for one in sorted(found, key=lambda it: it.created_at)]
    assert rewards == sorted(rewards, reverse=True), "the last push is charged most"
    before = len(life.deliveries.sent)
    await life.live(timedelta(days=2))
    assert len(life.deliveries.sent) == before
    async with life.db.read() as connection:
        ahead = (await connection.execute(select(moments.c.next_at))).scalar_one()
    assert ahead is None
    async with life.db.write() as connection:  # and on again
        await say(connection, ada, NOTIFICATIONS, life.clock.now())
    await life.live(timedelta(days=1))
    assert len(life.deliveries.sent) > before


async def test_the_log_replays_bit_for_bit_and_a_changed_row_is_found(life: Life) -> None:
    life = Life(life.db, life.clock, POLICIES["learnt"])
    for name in ("ada", "bob", "cyd"):
        await life.person(name)
    for _ in range(4):
        await life.live(timedelta(days=1))
        for number, one in enumerate(life.deliveries.sent):
            life.deliveries.tell(one, Outcome.SENT)
            if number % 2:
                life.deliveries.tell(one, Outcome.OPENED, timedelta(minutes=3))
        await life.settler.settle()
    report = await check(life.db)
    assert report.decisions >= 10
    assert report.models >= 1
    assert report.different == []
    found = await rows(life)
    assert max(one.state_seq for one in found) > 0
    async with life.db.write() as connection:
        await connection.execute(
            update(delivery_decisions)
            .where(delivery_decisions.c.id == found[-1].id)
            .values(seed=found[-1].seed + 1, propensities=[0.25, 0.75])
        )
        await connection.execute(update(delivery_models).values(state=b"\0\0\0\0" + bytes(16)))
    assert len((await check(life.db)).different) == 1 + report.models


@sqlite
async def test_another_threshold_is_evaluated_on_the_log(life: Life) -> None:
    from dataclasses import replace

    coin = replace(POLICIES["threshold"], epsilon=0.5)  # type: ignore[type-var]
    life = Life(life.db, life.clock, coin)
    for number in range(12):
        await life.person(f"p{number}")
    for _ in range(4):
        await life.live(timedelta(days=1))
        for one in life.deliveries.sent:
            life.deliveries.tell(one, Outcome.SENT)
        await life.settler.settle()
    life.clock.advance(4 * 3600)
    await life.settler.settle()
    question = DeliveryQuestion(("never", "always", "threshold:least=5"), estimators=("ips",))
    found = await evaluate(life.db, question)
    value = {one.policy: one.estimate for one in found.findings}
    assert value["never"] is not None
    assert value["never"].value == 0.0
    assert value["always"] is not None  # all were ignored
    assert (
        value["always"].interval.lower
        <= REWARDS[PushOutcome.IGNORED]
        <= (value["always"].interval.upper)
    )
    assert value["threshold:least=5"] is not None
    assert value["threshold:least=5"].value > value["always"].value


async def test_what_is_learnt_can_be_erased_with_its_decisions(life: Life) -> None:
    life = Life(life.db, life.clock, POLICIES["always"])
    ada, bob = await life.person("ada"), await life.person("bob")
    await life.live(timedelta(days=1))
    for one in life.deliveries.sent:
        life.deliveries.tell(one, Outcome.SENT)
    await settled(life)
    async with life.db.write() as connection:
        await delivery_rewards.forget(connection, ada)
    assert {one.user_id for one in await rows(life)} == {bob}
    async with life.db.read() as connection:
        assert set(await delivery_rewards.newest(connection, [ada, bob])) == {bob}
    assert (await check(life.db)).different == []
