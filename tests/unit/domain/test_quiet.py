"""Nobody is spoken to in quiet hours: all zones, both changes of clocks, zone changes in flight."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oo.domain.lately import Busy
from oo.domain.moments import Plan, next_moment
from oo.domain.quiet import Attention, NotNow, QuietHours, hush, not_now_until, speaks_from
from oo.domain.zones import time_zones

ZONES = sorted(time_zones())
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
zones = st.sampled_from(ZONES).map(ZoneInfo)
minutes = st.integers(0, 24 * 60 - 1)
quiet_hours = st.builds(QuietHours, minutes, minutes)
instants = st.integers(0, 366 * 24 * 3600).map(lambda seconds: YEAR + timedelta(seconds=seconds))


def shows(now: datetime, zone: ZoneInfo) -> int:
    local = now.astimezone(zone)
    return local.hour * 60 + local.minute


def is_within(minute: int, quiet: QuietHours) -> bool:
    """The definition again, by counting the minutes of the night one by one."""
    length = (quiet.ends - quiet.begins) % (24 * 60)
    return (minute - quiet.begins) % (24 * 60) < length


@given(quiet_hours, instants, zones)
def test_it_is_quiet_when_the_wall_clock_says_so(
    quiet: QuietHours, now: datetime, zone: ZoneInfo
) -> None:
    assert quiet.is_quiet(now, zone) == is_within(shows(now, zone), quiet)


@settings(max_examples=60)
@given(quiet_hours, instants, zones)
def test_they_end_at_the_first_instant_that_is_not_quiet(
    quiet: QuietHours, now: datetime, zone: ZoneInfo
) -> None:
    end = quiet.end(now, zone)
    assert end >= now
    assert not quiet.is_quiet(end, zone)
    if end > now:
        steps = range(0, int((end - now).total_seconds()), 300)
        assert all(quiet.is_quiet(now + timedelta(seconds=it), zone) for it in steps)
        assert quiet.is_quiet(end - timedelta(seconds=1), zone)


def changes_of(zone: ZoneInfo) -> list[datetime]:
    """The instants of a year at which the zone's clocks change, to the hour."""
    hours = [YEAR + timedelta(hours=it) for it in range(366 * 24)]
    offsets = [it.astimezone(zone).utcoffset() for it in hours]
    return [hours[it] for it in range(1, len(hours)) if offsets[it] != offsets[it - 1]]


@pytest.mark.parametrize(
    "name", ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "America/St_Johns",
             "Pacific/Chatham", "Africa/Casablanca", "America/Havana"],
)  # fmt: skip
def test_both_changes_of_clocks_leave_no_gap(name: str) -> None:
    zone = ZoneInfo(name)
    found = changes_of(zone)
    assert len(found) >= 2
    for change in found:
        for quiet in (QuietHours(), QuietHours(30, 150), QuietHours(90, 180), QuietHours(1, 0)):
            for minute in range(-300, 300, 7):
                now = change + timedelta(minutes=minute)
                end = quiet.end(now, zone)
                assert not quiet.is_quiet(end, zone)
                assert end == now or quiet.is_quiet(end - timedelta(seconds=1), zone)
                assert end - now <= timedelta(
                    hours=50
                )  # a change of clocks may take the only loud minute


@settings(max_examples=150)
@given(quiet_hours, instants, zones, zones, st.integers(0, 23), st.integers(0, 3))
def test_a_moment_ahead_is_never_in_quiet_hours_also_after_travel(
    quiet: QuietHours, now: datetime, home: ZoneInfo, away: ZoneInfo, hour: int, meetings: int
) -> None:
    busy = [
        Busy(now + timedelta(hours=3 * it), now + timedelta(hours=3 * it + 1))
        for it in range(meetings)
    ]
    for zone in (home, away):  # the plan is made anew in the zone that the person is in
        plan = Plan(
            "ada", Attention(quiet), zone, (float(hour),), busy, (now + timedelta(hours=5),)
        )
        for was_hushed in (False, True):
            at = next_moment(plan, now, was_hushed=was_hushed).at
            assert at >= now
            assert hush(plan.attention, at, zone, busy) is None
    # what was planned at home is asked again where the person is: it is quiet there, or may be sent
    at = next_moment(Plan("ada", Attention(quiet), home, (float(hour),)), now).at
    assert (hush(Attention(quiet), at, away) is not None) == quiet.is_quiet(at, away)


@given(instants, zones, quiet_hours, st.sampled_from(NotNow))
def test_not_now_ends_when_it_says(
    now: datetime, zone: ZoneInfo, quiet: QuietHours, choice: NotNow
) -> None:
    until = not_now_until(choice, now, zone, quiet)
    assert timedelta(0) < until - now <= timedelta(hours=51)
    wanted = Attention(quiet, not_before=until)
    assert hush(wanted, now, zone) == ("not_now", until)
    at = speaks_from(wanted, now, zone)
    assert at >= until
    assert hush(wanted, at, zone) is None
    local = until.astimezone(zone)
    if choice is NotNow.TODAY:
        assert local.date() == now.astimezone(zone).date() + timedelta(days=1)
    if choice is NotNow.TOMORROW:
        assert local.date() > now.astimezone(zone).date()


def test_many_moments_in_one_night_leave_one_behind() -> None:
    zone = ZoneInfo("Europe/Zurich")
    night = datetime(2026, 11, 26, 23, tzinfo=zone)
    attention = Attention(QuietHours(22 * 60, 7 * 60))
    due = [night + timedelta(hours=it, minutes=30) for it in range(1, 7)]
    plan = Plan("ada", attention, zone, (8.0,), (), due)
    following = next_moment(plan, night, was_hushed=True)
    local = following.at.astimezone(zone)
    assert local.hour == 7
    after = next_moment(plan, following.at)
    assert after.at - following.at > timedelta(minutes=30)


@given(instants, zones)
def test_nobody_is_spoken_to_in_a_meeting(now: datetime, zone: ZoneInfo) -> None:
    assume(not QuietHours().is_quiet(now, zone))
    busy = [Busy(now - timedelta(minutes=5), now + timedelta(minutes=25))]
    found = hush(Attention(), now, zone, busy)
    assert found is not None
    assert found.reason == "meeting"
    assert hush(Attention(), found.until, zone, busy) in (
        None,
        hush(Attention(), found.until, zone),
    )
