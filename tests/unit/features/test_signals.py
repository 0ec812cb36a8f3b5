"""Features of signals: nothing without them, bounded with any."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml.features import REGISTRY
from oo.domain.signals import Signal, all_kinds, by_kind
from oo.domain.signals.kinds.event import Event
from oo.domain.signals.kinds.measure import Measure
from oo.domain.signals.kinds.presence import Presence, State
from oo.domain.tips import Offer, TipKind

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NAMES = ("event_nearness", "in_event", "sleep_last_night", "steps_yesterday", "recently_active")


def values(*signals: Signal, now: datetime = NOW) -> dict[str, float]:
    found = REGISTRY.columns(now, [Offer(TipKind.TASK, 0.5, None)], {}, by_kind(signals))
    return {name: found[name][0] for name in NAMES}


def event(hours: float, length: float = 0.5, busy: bool = True) -> Event:
    start = NOW + timedelta(hours=hours)
    end = start + timedelta(hours=length)
    return Event(f"c:{hours}", "c", str(hours), "x", starts_at=start, ends_at=end, busy=busy)


def test_somebody_without_signals_has_zeros() -> None:
    assert set(values().values()) == {0.0}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_says_nothing(value: float) -> None:
    columns = REGISTRY.columns(NOW, [Offer(TipKind.TASK, value, None)] * 2, {"mean_dwell": value})
    assert columns["llm_confidence"] == columns["mean_dwell"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("events", "nearness", "inside"),
    [
        ([event(0)], 1.0, 1.0),
        ([event(1), event(3)], 0.75, 0.0),
        ([event(4)], 0.0, 0.0),
        ([event(-0.25), event(2)], 0.5, 1.0),
        ([event(-0.5)], 0.0, 0.0),  # it has just ended
        ([event(1, busy=False)], 0.0, 0.0),
    ],
)
def test_the_gap_before_the_next_event(events: list[Event], nearness: float, inside: float) -> None:
    found = values(*events)
    assert (found["event_nearness"], found["in_event"]) == (pytest.approx(nearness), inside)


def test_an_all_day_event_leaves_the_day_free() -> None:
    fair = Event("c:1", "c", "1", "Fair", first_day=NOW.date(), last_day=NOW.date())
    assert values(fair)["in_event"] == 0.0


def test_a_wall_clock_event_is_where_the_person_is() -> None:
    at_nine = datetime(2026, 11, 21, 9)
    lunch = Event("c:1", "c", "1", "x", starts_at=at_nine, ends_at=at_nine + timedelta(hours=1))
    tokyo = datetime(2026, 11, 21, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert values(lunch, now=tokyo)["in_event"] == 1.0
    assert values(lunch, now=tokyo.astimezone(UTC))["in_event"] == 0.0


def test_figures_are_those_of_their_own_day() -> None:
    today, yesterday = NOW.date(), NOW.date() - timedelta(days=1)

    def measure(name: str, value: float, day: date) -> Measure:
        return Measure(f"h:{name}{day}", "h", f"{name}{day}", name, value, day)

    found = values(
        measure("sleep", 8.0, today),
        measure("sleep", 3.0, yesterday),
        measure("steps", 99_000.0, yesterday),
        measure("steps", 10.0, today),
    )
    assert (found["sleep_last_night"], found["steps_yesterday"]) == (0.8, 1.0)


def test_activity_fades_within_the_hour() -> None:
    def seen(minutes: int, state: State) -> Presence:
        at = NOW - timedelta(minutes=minutes)
        return Presence(f"p:{minutes}", "p", str(minutes), at, state)

    assert values(seen(15, State.ACTIVE), seen(5, State.IDLE))["recently_active"] == 0.75
    assert values(seen(90, State.ACTIVE))["recently_active"] == 0.0


def test_every_feature_stays_within_bounds_whatever_the_signals() -> None:
    examples = [example for kind in all_kinds().values() for example in kind.examples]
    for hours in range(-48, 48):
        now = NOW + timedelta(hours=hours)
        assert all(0.0 <= value <= 1.0 for value in values(*examples, now=now).values())
