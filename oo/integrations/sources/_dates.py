"""Dates as people write them in task lists: ISO, numeric, English words, "every …"."""

import re
from datetime import date, time, timedelta
from typing import NamedTuple

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "|".join(f"{name}[a-z]*" for name in _MONTHS)
_WEEKDAY = re.compile(r"(?:next |this )?(mon|tue|wed|thu|fri|sat|sun)[a-z]*")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_MONTH_FIRST_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)? ({_MONTH})\.?(?:,? (\d{{4}}))?")
_MONTH_DAY = re.compile(rf"({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?")
_IN = re.compile(r"in (\d{1,3}) (day|week)s?")
_TIME = re.compile(r"(?:^|[ ,]+|(?<=\d)t)(?:at )?(\d{1,2})(?::(\d{2})(?::\d{2})?)? ?(am|pm)?z?$")
_EVERY = re.compile(r"every!?|daily|weekly|monthly|yearly")
_STARTING = re.compile(r"\b(?:starting|from) (?:on )?(.+)$")
_STALE = timedelta(days=180)
MAX_TEXT = 100  # no date is longer, and matching one costs the square of its length


class When(NamedTuple):
    """What a date text says; `day` is None for a repetition whose next turn is unclear."""

    day: date | None
    at: time | None
    recurring: bool


def parse_when(text: str, today: date) -> When | None:
    """Read `text` as seen on `today`; None when it is not a date that is understood.

    A day and month without a year is the one nearest to come; a few months in the past stay in
    the past, since lists keep overdue tasks.
    """
    if len(text) > MAX_TEXT:
        return None
    text = " ".join(text.lower().split())
    text, at = _split_time(text)
    if _EVERY.match(text):
        return When(_next_turn(text, today), at, recurring=True)
    day = today if not text and at else _day(text, today)
    return When(day, at, recurring=False) if day else None


def _split_time(text: str) -> tuple[str, time | None]:
    found = _TIME.search(text)
    if not found or (found[2] is None and found[3] is None):
        return text, None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return text, None
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    if hour > 23 or minute > 59:
        return text, None
    return text[: found.start()].strip(" ,"), time(hour, minute)


def _next_turn(text: str, today: date) -> date | None:
    starting = _STARTING.search(text)
    if starting:
        return _day(starting[1], today)
    rest = _EVERY.sub("", text, count=1).strip()
    if rest in ("", "day", "weekday", "workday", "morning", "evening", "afternoon", "night"):
        return today if text != "weekly" and not re.match("monthly|yearly", text) else None
    return _day(rest, today)


def _day(text: str, today: date) -> date | None:
    named = {
        "today": 0,
        "tod": 0,
        "tonight": 0,
        "tomorrow": 1,
        "tom": 1,
        "yesterday": -1,
        "next week": 7 - today.weekday(),
    }
    if text in named:
        return today + timedelta(days=named[text])
    if found := _IN.fullmatch(text):
        return today + timedelta(days=int(found[1]) * (7 if found[2] == "week" else 1))
    if found := _WEEKDAY.fullmatch(text):
        return today + timedelta(days=(_WEEKDAYS.index(found[1]) - today.weekday()) % 7)
    if found := _ISO.fullmatch(text):
        return _make(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST_DOTS.fullmatch(text):
        return _make(int(found[3]), int(found[2]), int(found[1]))
    if found := _MONTH_FIRST_SLASHES.fullmatch(text):
        return _make(int(found[3]), int(found[1]), int(found[2]))
    if found := _DAY_MONTH.fullmatch(text):
        return _in_year(found[3], found[2], int(found[1]), today)
    if found := _MONTH_DAY.fullmatch(text):
        return _in_year(found[3], found[1], int(found[2]), today)
    return None


def _in_year(year: str | None, month: str, day: int, today: date) -> date | None:
    number = _MONTHS.index(month[:3]) + 1
    if year:
        return _make(int(year), number, day)
    this_year = _make(today.year, number, day)
    if this_year is None or this_year < today - _STALE:
        return _make(today.year + 1, number, day) or this_year
    return this_year


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
