"""Days, wall-clock times and instants on a person's own calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from oo.domain.signals import Extent
from oo.domain.signals.retention import UNTIL_OVER

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
DAY = date(2026, 11, 21)


def test_a_day_is_that_day_wherever_the_person_is() -> None:
    extent = Extent.at(DAY)
    for zone in (BERLIN, TOKYO, UTC):
        assert extent.local_day(zone) == DAY
        assert extent.begins(zone) == datetime(2026, 11, 21, tzinfo=zone)
        assert extent.ends(zone) == datetime(2026, 11, 22, tzinfo=zone)
    assert extent.latest == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert extent.earliest == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_days_include_the_last_one() -> None:
    extent = Extent(DAY, DAY + timedelta(days=1))
    assert extent.ends(BERLIN) == datetime(2026, 11, 23, tzinfo=BERLIN)


def test_a_wall_clock_time_is_that_time_wherever_the_person_is() -> None:
    extent = Extent(datetime(2026, 11, 21, 9), datetime(2026, 11, 21, 10))
    assert extent.begins(TOKYO) == datetime(2026, 11, 21, 9, tzinfo=TOKYO)
    assert extent.ends(BERLIN) == datetime(2026, 11, 21, 10, tzinfo=BERLIN)
    assert not extent.is_instant


def test_an_instant_falls_on_the_day_of_the_person_s_zone() -> None:
    late = datetime(2026, 11, 21, 20, tzinfo=UTC)
    extent = Extent(late, late + timedelta(hours=1))
    assert extent.local_day(BERLIN) == DAY
    assert extent.local_day(TOKYO) == DAY + timedelta(days=1)
    assert (extent.earliest, extent.latest) == (late, late + timedelta(hours=1))
    assert UNTIL_OVER.expires_at(extent) == extent.latest + timedelta(days=1)


def test_a_day_of_a_changed_clock_has_another_length() -> None:
    extent = Extent.at(date(2026, 10, 25))
    day = extent.ends(BERLIN).astimezone(UTC) - extent.begins(BERLIN).astimezone(UTC)
    assert day == timedelta(hours=25)
