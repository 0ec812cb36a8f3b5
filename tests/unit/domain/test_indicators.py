"""Indicators over two readings, as a terminal without Prometheus has them."""

import pytest

from oo.domain.indicators import NOTHING, Least, Most, Overdue, Quantile, Reading, Sample, Share
from oo.domain.service_level import Bound
from oo.domain.service_levels import LEVELS
from oo.observability.reading import WINDOW_S, Window, read

TIMES = Quantile("t", 0.5, "5m", {"route": "/a"})
FAILED = Share("n_total", {"status": "5xx"}, "5m")


def counts(at: float, **values: float) -> Reading:
    return Reading(at, {"n_total": [Sample({"status": it}, v) for it, v in values.items()]})


def buckets(*counted: tuple[str, float], route: str = "/a") -> Reading:
    samples = [Sample({"le": le, "route": route}, count) for le, count in counted]
    return Reading(0, {"t_bucket": samples})


def test_a_share_is_of_what_was_counted_in_between() -> None:
    before = counts(0, **{"2xx": 100, "5xx": 50})
    now = counts(60, **{"2xx": 190, "5xx": 60})
    assert FAILED.value(now, before) == (0.1, "")
    assert FAILED.value(now, NOTHING) == (60 / 250, "")


def test_a_share_of_nothing_is_not_known() -> None:
    same = counts(0, **{"2xx": 100})
    assert FAILED.value(same, same) is None
    assert FAILED.value(NOTHING, NOTHING) is None


def test_a_counter_that_began_anew_counts_from_there() -> None:
    before, now = counts(0, **{"2xx": 100, "5xx": 7}), counts(9, **{"2xx": 6, "5xx": 2})
    assert FAILED.value(now, before) == (0.25, "")


def test_a_quantile_lies_within_its_bucket() -> None:
    now = buckets(("1.0", 10), ("2.0", 30), ("+Inf", 30))
    assert TIMES.value(now, NOTHING) == (1.25, "")
    assert TIMES.value(buckets(("1.0", 5), ("+Inf", 50)), NOTHING) == (1.0, "")
    assert TIMES.value(buckets(("1.0", 9), ("+Inf", 9), route="/b"), NOTHING) is None


def test_the_worst_of_several_is_named() -> None:
    now = Reading(100, {"g": [Sample({"of": "a"}, 3), Sample({"of": "b"}, 5)]})
    assert Most("g", by="of").value(now, NOTHING) == (5, "b")
    assert Least("g", by="of").value(now, NOTHING) == (3, "a")
    assert Most("g", by="of", where={"of": "!b"}).value(now, NOTHING) == (3, "a")
    assert Overdue("g", by="of").value(now, NOTHING) == (97, "a")
    assert Most("other").value(now, NOTHING) is None


def test_a_window_reaches_back_as_far_as_alerts_do() -> None:
    window = Window()
    assert {it.value for it in window.standings()} == {None}
    for at in range(0, 1000, 100):
        window.add(counts(at))
    assert window.seconds == WINDOW_S


def test_what_metrics_say_is_read_by_name_and_labels() -> None:
    text = '# TYPE oo_part_ready gauge\noo_part_ready{part="store"} 0.0\n'
    window = Window()
    window.add(read(text, 5.0))
    found = {it.level.name: it for it in window.standings()}
    assert found["store-ready"].value == 0
    assert found["parts-ready"].of == "store"
    assert found["parts-ready"].is_kept is False
    assert found["oo-heard"].is_kept is True
    assert found["tip-latency"].is_kept is None


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_the_objective_itself_is_good_and_what_is_beyond_is_not(level: object) -> None:
    from oo.domain.service_level import ServiceLevel

    assert isinstance(level, ServiceLevel)
    beyond = 1 if level.bound is Bound.AT_MOST else -1
    assert level.is_kept(level.objective)
    assert not level.is_kept(level.objective + beyond)
