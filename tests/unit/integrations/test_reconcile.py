"""What a source tells, whole or as a delta, becomes what is stored; whatever kind it is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from oo.domain.signals import Broken, Connect, Manifest, Reading, Signal
from oo.domain.signals.kinds.event import Event
from oo.domain.signals.kinds.measure import Measure
from oo.domain.tasks import Task
from oo.integrations import reconcile
from oo.store.kinds import Key, Stored

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
MANIFEST = Manifest("s", "S", "For a test.", ("task", "event"), (Connect.OAUTH,), "It.", ("read",))


def event(number: int, title: str = "x", days: float = 0.1) -> Event:
    start = NOW + timedelta(days=days)
    end = start + timedelta(minutes=30)
    return Event(f"s:{number}", "s", str(number), title, starts_at=start, ends_at=end)


def task(number: int, title: str = "x") -> Task:
    return Task(f"s:{number}", "s", str(number), title)


def stored(*signals: Signal, finished_at: datetime | None = None) -> dict[Key, Stored]:
    return {reconcile.key_of(signal): Stored(signal, finished_at) for signal in signals}


def changes(before: dict[Key, Stored], reading: Reading) -> reconcile.Changes:
    return reconcile.compare(before, reconcile.whole(before, reading), NOW)


def test_a_whole_reading_replaces_what_there_was_of_every_kind() -> None:
    before = stored(event(1), event(2), task(1), task(2))
    found = changes(before, Reading((event(1), event(2, "new"), task(3))))
    assert found.put == (event(2, "new"), task(3))
    assert set(found.gone) == {Key("task", "s:1"), Key("task", "s:2")}


def test_a_delta_leaves_what_it_does_not_name() -> None:
    before = stored(event(1), event(2), task(1))
    found = changes(before, Reading((event(3),), whole=False, gone=("s:2",), cursor="c"))
    assert (found.put, found.gone) == ((event(3),), (Key("event", "s:2"),))
    nothing = changes(before, Reading((), whole=False))
    assert (nothing.put, nothing.gone) == ((), ())


def test_a_delta_neither_reopens_nor_forgets_a_task_finished_here() -> None:
    before = stored(task(1), finished_at=NOW)
    found = changes(before, Reading((), whole=False))
    assert (found.put, found.gone) == ((), ())


def test_a_task_whose_close_is_under_way_is_not_reopened() -> None:
    before = stored(task(1), finished_at=NOW - timedelta(days=2))
    told = [task(1)]
    assert reconcile.compare(before, told, NOW, closing=["s:1"]).put == ()
    assert reconcile.compare(before, told, NOW, closing=["s:2"]).put == (task(1),)


def test_signals_of_two_kinds_may_share_an_id() -> None:
    found = changes(stored(task(1)), Reading((task(1), event(1))))
    assert (found.put, found.gone) == ((event(1),), ())


def test_a_task_is_never_due_too_late() -> None:
    far = Task("s:1", "s", "1", "x", due=date.max)
    assert reconcile.checked(MANIFEST, [far], NOW) == [far]


def test_what_has_expired_is_not_told_again_and_again() -> None:
    kept = reconcile.checked(MANIFEST, [event(1, days=-5), event(2)], NOW)
    assert kept == [event(2)]


@pytest.mark.parametrize(
    "wrong",
    [
        Measure("s:1", "s", "1", "steps", 1.0, date(2026, 11, 21)),  # a kind it does not name
        Task("other:1", "other", "1", "x"),
        Task("s:2", "s", "1", "x"),
        Task("s:" + "1" * 300, "s", "1" * 300, "x"),
        Task("s:1\0", "s", "1\0", "x"),
        Event("s:1", "s", "1", "x", first_day=date.max, last_day=date.max),
        event(1, "x" * 20_000),
    ],
)
def test_a_source_may_tell_only_what_it_said_it_would(wrong: Signal) -> None:
    with pytest.raises(Broken):
        reconcile.checked(MANIFEST, [wrong], NOW)
