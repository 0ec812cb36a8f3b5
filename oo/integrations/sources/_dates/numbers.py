"""Dates in figures: ISO 8601, dotted, slashed, and the serial numbers of spreadsheets."""

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\.?")
_FIGURES = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})(?:\2 ?(\d{4}|\d{2}))?\.?")
_CJK = re.compile(r"(?:(\d{4}) ?[年년] ?)?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日号號일]")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_EPOCH = date(1899, 12, 30)  # day 0 of spreadsheets
_SERIALS = range(36_526, 73_051)  # from 2000 to 2099: other numbers are no dates
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2})(?::\d{2}(?:\.\d{1,9})?)?(z|[+-]\d{2}:?\d{2})"
)
STALE = timedelta(days=180)
YEAR_FIRST = frozenset({"ja", "zh", "ko"})


class Instant(NamedTuple):
    """A wall clock and how far it is from UTC."""

    local: datetime
    offset: timedelta


def instant(text: str) -> Instant | None:
    """An instant as in ``2026-11-27T02:00:00Z`` or with ``-05:00``, in lower case."""
    found = _INSTANT.fullmatch(text)
    if not found:
        return None
    try:
        told = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3].upper()}")
    except ValueError:
        return None
    return Instant(told.replace(tzinfo=None), told.utcoffset() or timedelta(0))


def day_in_figures(text: str, language: str, today: date) -> date | None:
    """A day in figures; which comes first, day or month, by language and by what is possible."""
    if found := _ISO.fullmatch(text):
        return make(int(found[1]), int(found[2]), int(found[3]))
    if found := _CJK.fullmatch(text):
        return in_year(found[1], int(found[2]), int(found[3]), today)
    if found := _SERIAL.fullmatch(text):
        days = int(found[1])
        return _EPOCH + timedelta(days=days) if days in _SERIALS else None
    if found := _FIGURES.fullmatch(text):
        if found[4] is None and found[2] == "-":
            return None  # "2-3" is a range or a score
        first, second = int(found[1]), int(found[3])
        is_month_first = found[2] != "." and language in ("en", *YEAR_FIRST)
        month, day = (first, second) if is_month_first else (second, first)
        if month > 12:
            month, day = day, month
        return in_year(found[4], month, day, today)
    return None


def in_year(year: str | None, month: int, day: int, today: date) -> date | None:
    """The day of that year; without one the nearest to come, or up to STALE in the past.

    Lists keep what is overdue, so a few months ago is meant more often than nearly a year ahead.
    """
    if year:
        return make(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this_year = make(today.year, month, day)
    if this_year is None or this_year < today - STALE:
        return make(today.year + 1, month, day) or this_year
    return this_year


def make(year: int, month: int, day: int) -> date | None:
    """The day; None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
