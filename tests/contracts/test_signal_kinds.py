"""Every kind of signal passes every check; a new one is one file."""

import re
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oo.domain.context import MAX_TITLE, MAX_TOLD
from oo.domain.signals import AnyKind, Extent, Signal, all_kinds, by_kind, kind_of
from oo.domain.signals.kind import MAX_WORDS
from oo.recommend.telling import facts_of

KINDS = all_kinds()
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
varied = settings(max_examples=40, deadline=None)

ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin")
    ]
)
TEXTS = st.text(max_size=600)


def moved(value: object, by: timedelta) -> st.SearchStrategy[Any]:
    """Values like `value`; all times of a signal move by the same time."""
    match value:
        case datetime() | date():
            return st.just(value + by)
        case bool():
            return st.booleans()
        case int():
            return st.integers(1, 4)
        case float():
            return st.floats(-1e9, 1e9)
        case str() if type(value) is str:
            return st.just(value) | TEXTS
        case _:
            return st.just(value)


@st.composite
def signals(draw: st.DrawFn, kind: AnyKind) -> Signal:
    """One of the kind's examples, at another time and with other words and numbers."""
    example = draw(st.sampled_from(kind.examples))
    by = draw(st.timedeltas(timedelta(days=-900), timedelta(days=900)))
    values = {
        field.name: draw(moved(getattr(example, field.name), by)) for field in fields(example)
    }
    try:
        made: Signal = replace(example, **values)
    except ValueError:  # words that the kind refuses
        kept = {name: value for name, value in values.items() if not isinstance(value, str)}
        made = replace(example, **kept)
    return made


@st.composite
def at_about(draw: st.DrawFn, kind: AnyKind, signal: Signal) -> datetime:
    """A local time around the signal."""
    zone = draw(ZONES)
    extent = kind.extent(signal) or Extent.at(datetime(2026, 11, 21, tzinfo=UTC))
    return extent.begins(zone) + draw(st.timedeltas(timedelta(days=-3), timedelta(days=3)))


@every_kind
def test_it_has_names_and_examples(kind: AnyKind) -> None:
    assert re.fullmatch(r"[a-z]{1,32}", kind.name)
    assert kind.count(1) == f"1 {kind.singular}"
    assert kind.count(2) == f"2 {kind.plural}"
    assert kind.examples
    for example in kind.examples:
        assert kind_of(example) is kind
        assert example.id == f"{example.source}:{example.external_id}"


@every_kind
@varied
@given(st.data())
def test_a_signal_comes_back_from_json_as_it_went_in(kind: AnyKind, data: st.DataObject) -> None:
    signal = data.draw(signals(kind))
    body = orjson.loads(orjson.dumps(kind.encode(signal)))
    assert kind.decode(body) == signal
    assert {"id", "source", "external_id"} <= set(body)


@every_kind
def test_what_is_no_signal_is_refused(kind: AnyKind) -> None:
    body = kind.encode(kind.examples[0])
    for wrong in ({}, {**body, "external_id": None}, {"id": 1}):
        with pytest.raises(ValueError):  # noqa: PT011 - pydantic's message is its own
            kind.decode(wrong)


@every_kind
@varied
@given(st.data())
def test_what_a_writer_is_told_is_short_plain_and_stays_the_same_for_a_while(
    kind: AnyKind, data: st.DataObject
) -> None:
    signal = data.draw(signals(kind))
    now = data.draw(at_about(kind, signal))
    fact = kind.tell(signal, now)
    if fact is None:
        return
    assert fact.kind == kind.name
    assert 0 < len(fact.words) <= MAX_WORDS
    assert re.fullmatch(r"[A-Za-z0-9 .,:/%-]+", fact.words)
    assert signal.external_id not in fact.words or len(signal.external_id) < 4
    assert isinstance(kind.urgency(signal, now), float)
    minutes = [kind.tell(signal, now + timedelta(minutes=one)) for one in range(0, 30, 5)]
    assert len({str(one) for one in minutes}) <= 2


@every_kind
@varied
@given(st.data())
def test_the_context_takes_it_in_bounds(kind: AnyKind, data: st.DataObject) -> None:
    many = data.draw(st.lists(signals(kind), min_size=1, max_size=12))
    now = data.draw(at_about(kind, many[0]))
    told = facts_of(by_kind(many), now)
    assert len(told) <= MAX_TOLD
    assert all(
        len(fact.title or "") <= MAX_TITLE and "\n" not in (fact.title or "") for fact in told
    )


@every_kind
@varied
@given(st.data())
def test_its_day_follows_its_time_zone_rule(kind: AnyKind, data: st.DataObject) -> None:
    signal = data.draw(signals(kind))
    extent, zone = kind.extent(signal), data.draw(ZONES)
    if extent is None:
        return
    assert extent.begins(zone) <= extent.ends(zone)
    assert extent.earliest <= extent.begins(zone)
    assert extent.ends(zone) <= extent.latest
    if extent.is_instant:
        assert extent.begins(zone) == extent.start
    else:
        day = extent.start.date() if isinstance(extent.start, datetime) else extent.start
        assert extent.local_day(zone) == day


@every_kind
@varied
@given(st.data())
def test_it_is_kept_for_as_long_as_its_class_says(kind: AnyKind, data: st.DataObject) -> None:
    signal = data.draw(signals(kind))
    extent = kind.extent(signal)
    assert timedelta(0) < kind.retention.keep <= timedelta(days=90)
    assert kind.retention.words
    if extent is not None:
        assert kind.retention.expires_at(extent) == extent.latest + kind.retention.keep
    if kind.window is not None:
        assert kind.window.behind <= kind.retention.keep
