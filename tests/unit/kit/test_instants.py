"""Instants from outside lead nowhere out of the calendar."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from oo.kit.instants import FIRST, LAST, reckonable

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda it: timezone(timedelta(minutes=it)))


@given(st.datetimes(timezones=st.none() | OFFSETS))
def test_whatever_is_told_can_be_reckoned_with(at: datetime) -> None:
    found = reckonable(at)
    assert (found.tzinfo is None) == (at.tzinfo is None)
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    assert FIRST <= aware.astimezone(UTC) <= LAST
    assert aware - timedelta(days=365)
    assert aware + timedelta(days=365)
    told = at if at.tzinfo else at.replace(tzinfo=UTC)
    assert found == at if FIRST <= told <= LAST else found != at
