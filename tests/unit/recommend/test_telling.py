"""What a writer is told of signals: the most useful, bounded, and not of one kind alone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from oo.domain.context import MAX_TITLE, MAX_TOLD
from oo.domain.signals import Signal, by_kind
from oo.domain.signals.kinds.event import Event
from oo.domain.signals.kinds.measure import Measure
from oo.domain.signals.kinds.note import Note
from oo.domain.signals.kinds.presence import Presence, State
from oo.recommend.telling import TOLD_OF_ONE_KIND, facts_of

NOW = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Europe/Berlin"))


def event(hours: float, title: str = "x", length: float = 0.5) -> Event:
    start = (NOW + timedelta(hours=hours)).astimezone(UTC)
    end = start + timedelta(hours=length)
    return Event(f"c:{hours}", "c", str(hours), title, starts_at=start, ends_at=end)


def words(*signals: Signal, now: datetime = NOW) -> list[str]:
    return [fact.words for fact in facts_of(by_kind(signals), now)]


def test_nobody_without_signals_is_told_of() -> None:
    assert facts_of({}, NOW) == ()


def test_events_are_told_by_the_person_s_own_clock_the_next_one_first() -> None:
    assert words(event(26), event(3), event(-0.25)) == [
        "08:45 to 09:15 today",
        "12:00 to 12:30 today",
        "11:00 to 11:30 tomorrow",
    ]
    assert words(event(-2), event(48)) == []
    assert words(event(1, length=30)) == ["from 10:00 today for more than a day"]


def test_a_day_is_that_of_the_person() -> None:
    fair = Event("c:1", "c", "1", "Fair", first_day=NOW.date(), last_day=NOW.date())
    assert words(fair) == ["all day today"]
    assert words(fair, now=NOW + timedelta(days=1)) == []
    auckland = NOW.astimezone(ZoneInfo("Pacific/Auckland"))
    assert words(fair, now=auckland) == ["all day today"]
    assert words(fair, now=auckland + timedelta(hours=4)) == []  # there the day is over already


def test_figures_of_today_and_yesterday_are_told() -> None:
    def measure(name: str, value: float, ago: int, unit: str = "") -> Measure:
        day = date(2026, 11, 21) - timedelta(days=ago)
        return Measure(f"h:{name}{ago}", "h", f"{name}{ago}", name, value, day, unit)

    told = words(
        measure("steps", 8204.0, 1),
        measure("sleep", 6.0, 0, "h"),
        measure("resting_heart", 61.5, 2),
    )
    assert told == ["sleep 6 h today", "steps 8204 yesterday"]


def test_no_kind_crowds_out_another() -> None:
    notes = [
        Note(f"n:{number}", "n", str(number), "long " * 100, NOW - timedelta(minutes=number))
        for number in range(20)
    ]
    seen = Presence("p:1", "p", "1", NOW, State.ACTIVE, "home")
    found = facts_of(by_kind([*notes, *(event(hours) for hours in range(9, 14)), seen]), NOW)
    assert len(found) == MAX_TOLD
    kinds = [fact.kind for fact in found]
    assert kinds.count("note") == TOLD_OF_ONE_KIND
    assert {"presence", "event", "note"} == {*kinds}
    assert all(len(fact.title or "") <= MAX_TITLE for fact in found)
