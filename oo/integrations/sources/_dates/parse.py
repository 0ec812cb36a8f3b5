"""One text about a date, read in the language that it is said to be in, and then in English."""

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache, partial

from oo.integrations.sources._dates.clock import Split, split_time
from oo.integrations.sources._dates.names import day_by_name, month_of, weekday_of
from oo.integrations.sources._dates.numbers import day_in_figures, instant, make
from oo.integrations.sources._dates.repeats import is_interval, is_repetition, next_turn, words_for
from oo.integrations.sources._dates.when import NO_DATE, When
from oo.integrations.sources._dates.words import Words, all_words

MAX_TEXT = 100
"""No date is longer, and reading a text costs more than its length."""

_COUNTED = re.compile(r"(?:in |\+ ?)?(\d{1,3}) ?(day|week|month|year|d|w|m|y)s?")
_ORDINAL = re.compile(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)")
_THIS = re.compile(r"(?:this |coming )(\S+)")
_END_OF = re.compile(r"(?:the )?end of (?:the |this )?(week|month|year)|e(o)m")
_MID = re.compile(r"mid[- ](\S+)")


def parse_when(text: str, today: date, language: str = "en") -> When | None:
    """Read `text` as seen on `today`; None when it is not a date that is understood.

    `language` is a code such as ``de`` or ``pt_BR``; what it cannot say is tried in English. A day
    and month without a year is the one nearest to come; a few months in the past stay in the past,
    since lists keep overdue tasks.
    """
    if len(text) > MAX_TEXT:
        return None
    plain = unicodedata.normalize("NFKC", text).lower().replace("i\u0307", "i")
    return _read(" ".join(plain.split()), today, language_of(language))


def language_of(code: str) -> str:
    """The language that dates are read in for a code as lists have it; English for any other."""
    base = re.split(r"[-_]", code.strip().lower())[0]
    base = {"no": "nb", "nn": "nb", "cn": "zh", "tw": "zh", "jp": "ja"}.get(base, base)
    return base if base in all_words() else "en"


@lru_cache(maxsize=8192)
def _read(text: str, today: date, language: str) -> When | None:
    if not text:
        return None
    if told := instant(text):
        return When(told.local.date(), told.local.time(), recurring=False, offset=told.offset)
    found = _in_language(text, today, language)
    if found is None and language != "en":
        return _in_language(text, today, "en")
    return found


def _in_language(text: str, today: date, language: str) -> When | None:
    words = words_for(language)
    if text in words.never:
        return NO_DATE
    whole = text
    text, at = split_time(text, language)
    named = partial(_day, language=language, words=words, today=today)
    if text in words.phrases:
        return When(today + timedelta(days=words.phrases[text]), at, recurring=False)
    if is_interval(whole, words):  # "every 12 hours" holds no clock time
        return When(None, None, recurring=True)
    if is_repetition(text, words):
        if at is None:
            text, at = _time_before_start(text, words, language)
        by_name = partial(weekday_of, language=language, words=words)
        turn = next_turn(text, words, today, named, by_name)
        return When(turn.day, at, recurring=True, turn=turn.by_rule)
    day = today if not text and at else named(text)
    return When(day, at, recurring=False) if day else None


def _time_before_start(text: str, words: Words, language: str) -> Split:
    for mark in words.starting:
        before, found, start = text.partition(f" {mark} ")
        if found:
            rest, at = split_time(before, language)
            return Split(f"{rest} {mark} {start}", at)
    return Split(text, None)


def _day(text: str, language: str, words: Words, today: date) -> date | None:
    if day := day_in_figures(text, language, today):
        return day
    for mark in words.on:
        text = text.removeprefix(f"{mark} ")
    for mark in words.next:
        rest = text.removeprefix(f"{mark} " if not words.glued else mark).strip()
        if rest == text:
            rest = text.removesuffix(f" {mark}")
        weekday = weekday_of(rest, language, words) if rest != text else None
        if weekday is not None:
            return _monday_after(today) + timedelta(days=weekday)
    if language == "en" and (day := _english(text, words, today)):
        return day
    return day_by_name(text, language, words, today)


def _monday_after(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _english(text: str, words: Words, today: date) -> date | None:
    """Turns of phrase of Todoist's quick-add that dateparser does not know."""
    if found := _COUNTED.fullmatch(text):
        return _ahead(today, int(found[1]), found[2][0])
    if found := _ORDINAL.fullmatch(text):
        return _day_of_month(today, int(found[1]))
    if text in ("this weekend", "weekend", "saturday"):
        return today + timedelta(days=(5 - today.weekday()) % 7)
    if text == "next weekend":
        return _monday_after(today) + timedelta(days=5)
    if text == "next week":
        return _monday_after(today)
    if text == "next month":
        return _ahead(today.replace(day=1), 1, "m")
    if text == "next year":
        return make(today.year + 1, 1, 1)
    if found := _THIS.fullmatch(text):
        weekday = weekday_of(found[1], "en", words)
        return None if weekday is None else today + timedelta(days=(weekday - today.weekday()) % 7)
    if found := _END_OF.fullmatch(text):
        return _end_of(found[1] or "month", today)
    if found := _MID.fullmatch(text):
        month = today.month if found[1] == "month" else month_of(found[1], "en")
        if month is None:
            return None
        day = make(today.year, month, 15)
        return day if day and day >= today else make(today.year + 1, month, 15)
    return None


def _ahead(today: date, number: int, unit: str) -> date | None:
    if unit in "dw":
        return today + timedelta(days=number * (7 if unit == "w" else 1))
    months = today.year * 12 + today.month - 1 + number * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    for day in range(today.day, 27, -1):  # the 31st of a shorter month is its last day
        if found := make(year, month + 1, day):
            return found
    return make(year, month + 1, min(today.day, 27))


def _day_of_month(today: date, number: int) -> date | None:
    for ahead in range(13):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        day = make(year, month + 1, number)
        if day is not None and day >= today:
            return day
    return None


def _end_of(span: str, today: date) -> date | None:
    if span == "week":
        return today + timedelta(days=6 - today.weekday())
    if span == "year":
        return make(today.year, 12, 31)
    following = _ahead(today.replace(day=1), 1, "m")
    return following - timedelta(days=1) if following else None
