"""Each fact: when a claim of it holds, when it no longer does, and until when by the clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo.domain import due
from oo.domain.claims import BEYOND_THE_LIST, FACTS, Claim, Fact, bounded, decode, encode, holds
from oo.domain.lately import Acted, Beside, Busy
from oo.domain.standing import Moment, Standing
from oo.domain.tasks import Task

ZONE = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 18, 16, 0, tzinfo=ZONE)  # a Wednesday afternoon
MIDNIGHT = NOW.replace(hour=0) + timedelta(days=1)
EVENING = NOW.replace(hour=17)
TODAY = NOW.date()


def one(number: int, **fields: object) -> Task:
    return Task(f"f:{number}", "file", str(number), f"Task {number}", **fields)  # type: ignore[arg-type]


LATE = one(1, priority=4, due=TODAY - timedelta(days=7), added_at=NOW - timedelta(days=9))
SINCE = one(2, due_at=NOW.replace(hour=5, minute=30))
TODAY_AT = one(3, due_at=NOW.replace(hour=23), added_at=NOW)
TODAY_DAY = one(4, due=TODAY)
FRIDAY = one(5, due=TODAY + timedelta(days=2))
TOMORROW = one(6, due=TODAY + timedelta(days=1))
ACTED = (
    *(Acted(NOW - timedelta(hours=ago), "done", "task") for ago in (1, 2)),
    *(Acted(NOW - timedelta(days=ago), "done", "task") for ago in range(1, 11)),
    *(Acted(NOW - timedelta(hours=ago), "dismiss", "reminder") for ago in range(12)),
)
MEETING = Busy(NOW.replace(hour=17, minute=30), NOW.replace(hour=18))
BESIDE = Beside(ACTED, {"f:1": "home"}, (MEETING,))
TASKS = (LATE, SINCE, TODAY_AT, TODAY_DAY, FRIDAY, TOMORROW)

TRUE = (
    (Claim(Fact.OPEN, "f:1"), None),
    (Claim(Fact.TITLE, "f:1", "Task 1"), None),
    (Claim(Fact.ABOUT, "f:1", "Task 1"), None),
    (Claim(Fact.DAYS_LATE, "f:1", 7), MIDNIGHT),
    (Claim(Fact.OVERDUE_SINCE, "f:2", "05:30"), MIDNIGHT),
    (Claim(Fact.DUE_IN, "f:5", 2), MIDNIGHT),
    (Claim(Fact.DUE_TODAY, "f:3"), NOW.replace(hour=23)),
    (Claim(Fact.DUE_TODAY, "f:4"), MIDNIGHT),
    (Claim(Fact.DUE_TOMORROW, "f:6"), EVENING),
    (Claim(Fact.DUE_ON, "f:5", 4), EVENING),
    (Claim(Fact.AGE, "f:1", 9), MIDNIGHT),
    (Claim(Fact.ADDED_TODAY, "f:3"), EVENING),
    (Claim(Fact.PRIORITY, "f:1", 3), None),
    (Claim(Fact.MOST_PRESSING, "f:1"), MIDNIGHT),
    (Claim(Fact.OPEN_COUNT, value=6), None),
    (Claim(Fact.OVERDUE_COUNT, value=2), NOW.replace(hour=23)),
    (Claim(Fact.WEEKDAY, value=2), MIDNIGHT),
    (Claim(Fact.PART_OF_DAY, value="afternoon"), EVENING),
    (Claim(Fact.DONE_TODAY, value=2), MIDNIGHT),
    (Claim(Fact.DONE_WEEK, value=8), MIDNIGHT),
    (Claim(Fact.STREAK, value=10), MIDNIGHT),
    (Claim(Fact.DONE_IN, value="afternoon 12 12"), MIDNIGHT),
    (Claim(Fact.WAVES_AWAY, value="reminder 12 12"), MIDNIGHT),
    (Claim(Fact.FREE, value="17:30 30"), NOW.replace(hour=17)),
    (Claim(Fact.LABEL, "f:1", "home"), None),
)


def moment(*tasks: Task, now: datetime = NOW, zone: ZoneInfo = ZONE) -> Moment:
    return Standing(tasks, zone, BESIDE).at(now.astimezone(UTC))


@pytest.mark.parametrize(("claim", "until"), TRUE, ids=lambda one: str(getattr(one, "fact", "")))
def test_a_true_claim_holds_and_has_its_end(claim: Claim, until: datetime | None) -> None:
    here = moment(*TASKS)
    assert holds(claim, here)
    assert bounded(claim, here).until == until
    if until is not None:
        assert holds(claim, moment(*TASKS, now=until - timedelta(seconds=1)))


OTHERWISE = (
    (Fact.DONE_TODAY, 3),
    (Fact.DONE_WEEK, 7),
    (Fact.STREAK, 9),
    (Fact.DONE_IN, "morning 12 12"),
    (Fact.WAVES_AWAY, "task 12 12"),
    (Fact.FREE, "17:30 91"),
    (Fact.FREE, "17:00 30"),
)


@pytest.mark.parametrize(("fact", "value"), OTHERWISE)
def test_what_is_otherwise_or_not_known_does_not_hold(fact: Fact, value: str | int) -> None:
    assert not holds(Claim(fact, value=value), moment(*TASKS))
    nothing_known = Standing(TASKS, ZONE).at(NOW.astimezone(UTC))
    for claim, _ in TRUE:
        if claim.fact in {*BEYOND_THE_LIST, Fact.FREE}:
            assert not holds(claim, nothing_known)


def test_nobody_is_free_in_an_event_or_before_one_of_another_day() -> None:
    free = Claim(Fact.FREE, value="17:30 10")
    assert not holds(free, moment(*TASKS, now=NOW.replace(hour=17, minute=31)))
    assert not holds(free, moment(*TASKS, now=NOW - timedelta(days=1)))
    assert holds(free, moment(*TASKS, now=NOW.replace(hour=17, minute=20)))
    assert not holds(free, moment(*TASKS, now=NOW.replace(hour=17, minute=21)))


def day(ahead: int) -> date:
    return TODAY + timedelta(days=ahead)


UNDATED = one(7)
BESIDE_OTHERS = (
    (Claim(Fact.NO_DUE, "f:7"), (UNDATED,), None, (one(7, due=day(3)),)),
    (
        Claim(Fact.ONLY_DUE_TODAY, "f:4"),
        (TODAY_DAY, FRIDAY),
        MIDNIGHT,
        (TODAY_DAY, one(8, due_at=NOW - timedelta(hours=3))),
    ),
    (Claim(Fact.ONLY_OVERDUE, "f:1"), (LATE, TODAY_DAY), MIDNIGHT, (LATE, one(8, due=day(-1)))),
    (
        Claim(Fact.LONGEST_OVERDUE, "f:1"),
        (LATE, one(8, due=day(-1))),
        MIDNIGHT,
        (LATE, one(8, due=day(-7))),
    ),
    (Claim(Fact.FIRST_DUE, "f:5"), (FRIDAY, one(8, due=day(3))), MIDNIGHT, (FRIDAY, TOMORROW)),
    (
        Claim(Fact.WAS_DUE_ON, "f:8", 0),
        (one(8, due=day(-2)),),
        EVENING,
        (one(8, due=day(-9)),),
    ),
)


@pytest.mark.parametrize(
    ("claim", "list_", "until", "other"),
    BESIDE_OTHERS,
    ids=lambda one: str(getattr(one, "fact", "")),
)
def test_what_a_task_is_beside_others_follows_the_whole_list(
    claim: Claim, list_: tuple[Task, ...], until: datetime | None, other: tuple[Task, ...]
) -> None:
    here = moment(*list_)
    assert holds(claim, here)
    assert bounded(claim, here).until == until
    if until is not None:
        assert holds(claim, moment(*list_, now=until - timedelta(seconds=1)))
    assert not holds(claim, moment(*other))
    assert not holds(claim, moment(*(task for task in list_ if task.id != claim.task_id)))


def test_a_task_alone_is_neither_the_longest_overdue_nor_the_first_to_come() -> None:
    assert not holds(Claim(Fact.LONGEST_OVERDUE, "f:1"), moment(LATE))
    assert not holds(Claim(Fact.FIRST_DUE, "f:5"), moment(FRIDAY))


def test_every_fact_is_among_them_or_below() -> None:
    above = {claim.fact for claim, _ in TRUE} | {row[0].fact for row in BESIDE_OTHERS}
    assert above | {Fact.WEEKEND} == set(Fact) == set(FACTS)


@pytest.mark.parametrize(
    "claim",
    [claim for claim, _ in TRUE if claim.task_id is not None],
    ids=lambda claim: claim.fact,
)
def test_no_claim_outlives_its_task(claim: Claim) -> None:
    assert not holds(claim, moment(*(task for task in TASKS if task.id != claim.task_id)))


@pytest.mark.parametrize(
    ("claim", "now"),
    [
        (Claim(Fact.DAYS_LATE, "f:1", 7), MIDNIGHT),
        (Claim(Fact.OVERDUE_SINCE, "f:2", "05:30"), MIDNIGHT),
        (Claim(Fact.DUE_IN, "f:5", 2), MIDNIGHT),
        (Claim(Fact.DUE_TODAY, "f:3"), NOW.replace(hour=23, microsecond=1)),
        (Claim(Fact.DUE_TODAY, "f:4"), MIDNIGHT),
        (Claim(Fact.DUE_TOMORROW, "f:6"), MIDNIGHT),
        (Claim(Fact.DUE_TOMORROW, "f:6"), NOW.replace(hour=22)),  # misleads who is awake at night
        (Claim(Fact.DUE_ON, "f:5", 4), NOW + timedelta(days=2)),
        (Claim(Fact.AGE, "f:1", 9), MIDNIGHT),
        (Claim(Fact.ADDED_TODAY, "f:3"), MIDNIGHT + timedelta(hours=6)),
        (Claim(Fact.OVERDUE_COUNT, value=2), NOW.replace(hour=23, microsecond=1)),
        (Claim(Fact.OVERDUE_COUNT, value=2), MIDNIGHT),
        (Claim(Fact.WEEKDAY, value=2), MIDNIGHT),
        (Claim(Fact.PART_OF_DAY, value="afternoon"), EVENING),
    ],
    ids=lambda one: str(getattr(one, "fact", "")),
)
def test_time_ends_a_claim(claim: Claim, now: datetime) -> None:
    assert not holds(claim, moment(*TASKS, now=now))


@pytest.mark.parametrize(
    ("claim", "changed"),
    [
        (Claim(Fact.TITLE, "f:1", "Task 1"), replace(LATE, title="Renamed")),
        (Claim(Fact.ABOUT, "f:1", "Task 1"), replace(LATE, title="Renamed")),
        (Claim(Fact.DAYS_LATE, "f:1", 7), replace(LATE, due=TODAY + timedelta(days=1))),
        (Claim(Fact.DUE_TODAY, "f:4"), replace(TODAY_DAY, due_at=NOW - timedelta(hours=1))),
        (Claim(Fact.PRIORITY, "f:1", 3), replace(LATE, priority=2)),
        (Claim(Fact.MOST_PRESSING, "f:1"), one(7, priority=4, due=TODAY - timedelta(days=8))),
        (Claim(Fact.OPEN_COUNT, value=6), one(7)),
        (Claim(Fact.OVERDUE_COUNT, value=2), one(7, due=TODAY - timedelta(days=1))),
    ],
    ids=lambda one: str(getattr(one, "fact", "")),
)
def test_a_change_of_the_list_ends_a_claim(claim: Claim, changed: Task) -> None:
    tasks = {task.id: task for task in (*TASKS, changed)}
    assert not holds(claim, moment(*tasks.values()))


def test_another_zone_is_another_day_and_hour() -> None:
    there = moment(*TASKS, zone=ZoneInfo("Pacific/Auckland"))  # Thursday, four in the morning
    for fact in (Fact.DAYS_LATE, Fact.OVERDUE_SINCE, Fact.WEEKDAY, Fact.PART_OF_DAY):
        claim = next(claim for claim, _ in TRUE if claim.fact is fact)
        assert not holds(claim, there)


def test_weekends_end_for_the_night() -> None:
    saturday = NOW + timedelta(days=3)
    weekend = Claim(Fact.WEEKEND)
    assert holds(weekend, moment(now=saturday))
    assert not holds(weekend, moment(now=saturday.replace(hour=23)))
    assert not holds(weekend, moment())


def test_the_only_task_is_not_the_most_pressing() -> None:
    assert not holds(Claim(Fact.MOST_PRESSING, "f:1"), moment(LATE))


def test_claims_survive_the_store() -> None:
    claims = tuple(bounded(claim, moment(*TASKS)) for claim, _ in TRUE)
    assert decode(encode(claims)) == claims
    with pytest.raises(ValueError, match="told_by_a_later_release"):
        decode([["told_by_a_later_release", None, None, None]])


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-3, 3), st.none() | st.integers(-99, 99)), max_size=9
    ),
    st.integers(-4000, 4000),
)
def test_the_count_of_overdue_tasks_is_the_definitions(
    dates: list[tuple[int | None, int | None]], minutes: int
) -> None:
    tasks = [
        one(
            number,
            due=None if days is None else TODAY + timedelta(days=days),
            due_at=None if hours is None else NOW.astimezone(UTC) + timedelta(hours=hours),
        )
        for number, (days, hours) in enumerate(dates)
    ]
    here = moment(*tasks, now=NOW + timedelta(minutes=minutes))
    assert here.overdue_count == sum(due.is_overdue(task, here.local) for task in tasks)
