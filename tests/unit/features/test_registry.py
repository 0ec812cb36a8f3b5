"""The features: their values, and that each is defined once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ml.features import REGISTRY
from ml.features.registry import Registry
from oo.domain.tasks import Task
from oo.domain.tips import Offer, TipKind

NOW = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)  # a Wednesday


def columns(task: Task | None) -> dict[str, float]:
    found = REGISTRY.columns(NOW, [Offer(TipKind.TASK, 0.5, task)])
    return {name: values[0] for name, values in found.items()}


def test_task_features() -> None:
    task = Task("s:1", "s", "1", "x", 4, due=date(2026, 11, 17), added_at=NOW - timedelta(days=15))
    found = columns(task)
    assert (found["is_overdue"], found["task_age_days"], found["priority"]) == (1.0, 0.5, 1.0)


def test_a_task_due_today_is_not_overdue_until_its_hour_has_passed() -> None:
    assert columns(Task("s:1", "s", "1", "x", due=NOW.date()))["is_overdue"] == 0.0
    past = Task("s:1", "s", "1", "x", due=NOW.date(), due_at=NOW - timedelta(minutes=1))
    assert columns(past)["is_overdue"] == 1.0


def test_time_is_a_point_on_a_circle() -> None:
    found = columns(None)
    assert found["hour_of_day"] == pytest.approx(0.25)
    assert (found["hour_sin"], found["hour_cos"]) == pytest.approx((1.0, 0.0), abs=1e-12)
    assert found["weekday_sin"] ** 2 + found["weekday_cos"] ** 2 == pytest.approx(1.0)


def test_a_candidate_without_a_task_has_no_task_features() -> None:
    found = columns(None)
    assert found["is_overdue"] == found["task_age_days"] == found["priority"] == 0.0


def test_every_feature_stays_within_bounds() -> None:
    old = Task("s:1", "s", "1", "x", 4, due=date(2020, 1, 1), added_at=NOW - timedelta(days=999))
    new = Task("s:2", "s", "2", "y", 1, added_at=NOW + timedelta(days=1))
    for task in (old, new, None):
        assert all(-1.0 <= value <= 1.0 for value in columns(task).values())


def test_a_name_is_defined_once() -> None:
    feature = next(iter(REGISTRY))
    with pytest.raises(ValueError, match="twice"):
        Registry([feature, feature])
