"""The hour at which somebody usually comes, and when that is next."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from oo.domain.usual_hour import DEFAULT_HOUR, next_visit, usual_hour

ZURICH = ZoneInfo("Europe/Zurich")


def profile(hour: float, length: float = 0.9) -> dict[str, float]:
    angle = 2 * math.pi * hour / 24
    return {
        "preferred_hour_sin": length * math.sin(angle),
        "preferred_hour_cos": length * math.cos(angle),
    }


@pytest.mark.parametrize("hour", [0.0, 6.5, 12.0, 18.25, 23.5])
def test_it_is_the_mean_hour_of_what_was_finished(hour: float) -> None:
    assert usual_hour(profile(hour)) == pytest.approx(hour, abs=1e-9)


def test_of_somebody_without_a_habit_the_morning_is_assumed() -> None:
    assert usual_hour({}) == usual_hour(profile(20, length=0.1)) == DEFAULT_HOUR


@pytest.mark.parametrize(
    ("hour", "at", "expected"),
    [
        (8, "2026-11-21 03:00", "2026-11-21 08:00"),  # this morning
        (8, "2026-11-21 13:00", "2026-11-22 08:00"),  # tomorrow
        (20, "2026-11-21 03:00", "2026-11-21 20:00"),
        (8, "2026-11-21 08:30", "2026-11-21 08:30"),  # this moment
        (10, "2026-11-21 06:00", "2026-11-21 06:00"),  # this part of the day
        (8, "2026-11-21 11:00", "2026-11-22 08:00"),  # it has been this morning
        (23.5, "2026-11-21 03:00", "2026-11-21 23:30"),  # another night than this one
        (8, "2026-10-24 22:00", "2026-10-25 08:00"),  # a night of one hour more
    ],
)
def test_the_next_visit_is_by_the_clock_of_the_person(hour: float, at: str, expected: str) -> None:
    now, then = (datetime.fromisoformat(it).replace(tzinfo=ZURICH) for it in (at, expected))
    found = next_visit(profile(hour), ZURICH, now.astimezone(UTC))
    assert abs(found - then) < timedelta(minutes=1)
