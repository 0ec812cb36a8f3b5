"""What a person did lately, counted again by other means."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from oo.domain.lately import Acted, sum_up

NOW = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)  # Europe's clocks changed a day before
zones = st.sampled_from(("UTC", "Europe/Zurich", "Pacific/Kiritimati", "America/Los_Angeles"))
acts = st.builds(
    lambda ago, action, kind: Acted(NOW - timedelta(minutes=ago), action, kind),
    st.integers(0, 33 * 24 * 60),
    st.sampled_from(("done", "done", "snooze", "dismiss")),
    st.sampled_from(("task", "reminder")),
)


@given(st.lists(acts, max_size=60), zones)
def test_it_is_what_a_diary_of_days_says(acted: list[Acted], zone: str) -> None:
    local_now = NOW.astimezone(ZoneInfo(zone))
    diary: dict[str, int] = {}
    for act in acted:
        if act.action == "done":
            day = act.at.astimezone(ZoneInfo(zone)).strftime("%F")
            diary[day] = diary.get(day, 0) + 1

    def ago(days: int) -> int:
        return diary.get((local_now.date() - timedelta(days=days)).isoformat(), 0)

    lately = sum_up(acted, local_now)
    assert lately.done_today == ago(0)
    assert lately.done_week == sum(ago(days) for days in (0, 1, 2, 3, 4, 5, 6))
    assert all(ago(days) for days in range(1, lately.streak + 1))
    assert lately.streak == 29 or ago(lately.streak + 1) == 0


@given(st.lists(acts, max_size=60))
def test_a_habit_needs_evidence_and_a_majority(acted: list[Acted]) -> None:
    lately = sum_up(acted, NOW)
    for share in (lately.done_in, lately.waves_away):
        assert share is None or (share.out_of >= 12 and 2 * share.number > share.out_of)
    few = sum_up(acted[:11], NOW)
    assert few.done_in is None
    assert few.waves_away is None
