"""Days and months by name, and phrases such as "in 3 days": what dateparser reads.

dateparser guesses generously, so it is asked only for what a word or a known phrase can mean, in
one language at a time. It is imported when the first list needs it.
"""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any

from oo.integrations.sources._dates.numbers import in_year, make
from oo.integrations.sources._dates.words import Words

MAX_PHRASE = 40
_LOCK = Lock()  # its tables are filled as they are used
_WORD = re.compile(r"[^\W\d_]{2,}|[^\W\d_a-z]", re.UNICODE)
_DAY_MONTH = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|e|º|ª|°|\.)? ?(?:de |of |d')?(?P<month>[^\W\d_]+)\.?"
    r"(?:,? (?:de )?(?P<year>\d{4}))?"
)
_MONTH_DAY = re.compile(
    r"(?P<month>[^\W\d_]+)\.? (?P<day>\d{1,2})(?:st|nd|rd|th|\.)?(?:,? (?P<year>\d{4}))?"
)
_WEEKDAY_BEFORE = re.compile(r"(?P<name>[^\W\d_]+)\.?,? (?P<rest>.*\d.*)")


def day_by_name(text: str, language: str, words: Words, today: date) -> date | None:
    """The day that the words name; None for a mere month, and for what is not understood."""
    if len(text) > MAX_PHRASE:
        return None
    if text in words.phrases:
        return today + timedelta(days=words.phrases[text])
    weekday = weekday_of(text, language, words)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    if named := _day_of_month(text, language, today):
        return named
    found = _WEEKDAY_BEFORE.fullmatch(text)
    if found and weekday_of(found["name"], language, words) is not None:
        return _day_of_month(found["rest"], language, today)
    return _phrase(text, language, today)


def weekday_of(text: str, language: str, words: Words) -> int | None:
    """The number of the weekday, Monday being 0, that is named in full or by a usual short form."""
    name = text.removesuffix(".")
    if name in words.names:
        return words.names[name]
    if not name or len(name) > 20 or any(char.isdigit() or char == " " for char in name):
        return None
    # read on two days of a week, a weekday stays itself and everything else does not
    first, second = (_parsed(name, language, date(2024, 1, day)) for day in (2, 4))
    if first is None or second is None or {first[1], second[1]} != {"day"}:
        return None
    return first[0].weekday() if first[0].weekday() == second[0].weekday() else None


def month_of(name: str, language: str) -> int | None:
    """The number of the month."""
    if not 3 <= len(name) <= 20:
        return None
    found = _parsed(name, language, date(2024, 2, 1))
    other = _parsed(name, language, date(2024, 7, 1))
    if found and other and found[1] == other[1] == "month" and found[0].month == other[0].month:
        return found[0].month
    return None


def _day_of_month(text: str, language: str, today: date) -> date | None:
    found = _DAY_MONTH.fullmatch(text) or _MONTH_DAY.fullmatch(text)
    month = month_of(found["month"], language) if found else None
    if not found or month is None:
        return None
    return in_year(found["year"], month, int(found["day"]), today)


def _phrase(text: str, language: str, today: date) -> date | None:
    if not _WORD.search(text):
        return None
    found = _parsed(text, language, today)
    if found is None or found[1] not in ("day", "week") or not _is_near(found[0], today):
        return None
    return found[0]


def _is_near(day: date, today: date) -> bool:
    return abs((day - today).days) < 40 * 366


@lru_cache(maxsize=4096)
def _parsed(text: str, language: str, today: date) -> tuple[date, str] | None:
    """What dateparser makes of it and how fine that is: day, week, month or year."""
    with _LOCK:
        parser = _parser(language, today)
        if parser is None:
            return None
        try:
            found = parser.get_date_data(text)
        except (ValueError, OverflowError, TypeError, AttributeError, IndexError, KeyError):
            return None  # some texts trip it; they are no dates
    moment = found.date_obj
    return (moment.date(), found.period) if moment is not None else None


@lru_cache(maxsize=128)
def _parser(language: str, today: date) -> Any:
    from dateparser.date import DateDataParser

    if make(today.year, today.month, today.day) is None:
        return None
    settings = {
        "RELATIVE_BASE": datetime(today.year, today.month, today.day),
        "PREFER_DATES_FROM": "future",
        "PREFER_DAY_OF_MONTH": "first",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    try:
        return DateDataParser(languages=[language], settings=settings)
    except ValueError:
        return None
