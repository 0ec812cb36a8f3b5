"""Due day, lateness and age by the person's own calendar, and nowhere else."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from oo.domain import due
from oo.domain.tasks import Task

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 11, 18, 16, 0, tzinfo=ZURICH)
ROOT = Path(due.__file__).parents[2]


def task(**dates: date | datetime | None) -> Task:
    return Task("file:1", "file", "1", "Pay rent", **dates)  # type: ignore[arg-type]


def test_an_instant_falls_on_the_persons_own_day() -> None:
    late_in_zurich = task(due=date(2026, 11, 17), due_at=datetime(2026, 11, 17, 23, 30, tzinfo=UTC))
    assert due.due_day(late_in_zurich, ZURICH) == date(2026, 11, 18)
    assert due.due_day(late_in_zurich, ZoneInfo("America/New_York")) == date(2026, 11, 17)
    assert due.due_day(task(due=date(2026, 11, 17)), ZURICH) == date(2026, 11, 17)
    assert due.due_day(task(), ZURICH) is None


@pytest.mark.parametrize(
    ("dates", "overdue", "late", "since"),
    [
        ({}, False, None, None),
        ({"due": NOW.date()}, False, 0, None),
        ({"due": NOW.date() - timedelta(days=1)}, True, 1, None),
        ({"due": NOW.date() + timedelta(days=2)}, False, -2, None),
        ({"due_at": NOW.replace(hour=5, minute=30)}, True, 0, "05:30"),
        ({"due_at": NOW}, False, 0, None),
        ({"due_at": NOW + timedelta(minutes=1)}, False, 0, None),
        ({"due_at": NOW - timedelta(days=3)}, True, 3, None),
    ],
)
def test_overdue_late_and_since(
    dates: dict[str, date], overdue: bool, late: int | None, since: str | None
) -> None:
    asked = task(**dates)
    assert due.is_overdue(asked, NOW) is overdue
    assert due.days_late(asked, NOW) == late
    assert due.overdue_since(asked, NOW) == since


def test_age_counts_midnights() -> None:
    assert due.age_days(task(added_at=NOW - timedelta(hours=17)), NOW) == 1
    assert due.age_days(task(added_at=NOW - timedelta(hours=15)), NOW) == 0
    assert due.age_days(task(added_at=NOW + timedelta(hours=1)), NOW) == 0
    assert due.age_days(task(), NOW) is None


def test_the_day_ends_at_midnight_of_the_zone_also_when_clocks_change() -> None:
    night = datetime(2026, 10, 24, 23, 59, tzinfo=ZURICH)  # 25 hours follow
    first = due.next_midnight(night)
    second = due.next_midnight(first)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=25)


def test_a_part_of_the_day_ends_also_at_midnight() -> None:
    assert due.end_of_daypart(NOW) == NOW.replace(hour=17)
    late = NOW.replace(hour=23, minute=30)
    assert due.end_of_daypart(late) == late.replace(hour=0, minute=0) + timedelta(days=1)


def test_no_other_module_compares_due_dates() -> None:
    notion = re.compile(
        r"\.due(_at)?\s*(<|>|<=|>=|-)\s|(<|>|<=|>=|-)\s*\w+(\.\w+)*\.due(_at)?\b"
        r"|\.due_at\.(astimezone|date)|\.due or "
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("oo", "ml", "deployments")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "due.py"
        for line in path.read_text("utf-8").splitlines()
        if notion.search(line)
    ]
    assert found == []
