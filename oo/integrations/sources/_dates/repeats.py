"""Repetitions: "every mon, fri", "ev 3rd friday", "jeden Tag", "毎週月曜日"."""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache, partial
from typing import NamedTuple

from oo.integrations.sources._dates.numbers import make
from oo.integrations.sources._dates.words import Words, all_words

DayOf = Callable[[str], date | None]
WeekdayOf = Callable[[str], int | None]

_ORDINAL = re.compile(
    r"[月월]? ?(\d{1,2})(?:st|nd|rd|th|er|e|de|ste|º|ª|°|\.|日|号|일)?(?: of (?:the )?month)?"
)
_NTH = re.compile(r"(\d)(?:st|nd|rd|th|er|e|de|ste|º|ª|°|\.)? (\S+)")
_NUMBER = re.compile(
    r"(?:\d{1,4}(?:\.|:?[ae]|st|nd|rd|th)?|other|second|third|zweite[nrs]?|autres?|otr[oa]s?|altr[oi]|outr[oa]s?|andere"
    r"|drug[ia]|annan|annat|andra|anden|andet|andre|annen|annet) ?(\S.*)"
)
MAX_PARTS = 12


class Turn(NamedTuple):
    """The next turn: the day that the words name, or one that follows from their rule."""

    day: date | None = None
    by_rule: date | None = None


def is_repetition(text: str, words: Words) -> bool:
    """Whether the text, in lower case and without its time, says that something comes again."""
    return _rest(text, words) is not None


def next_turn(text: str, words: Words, today: date, day_of: DayOf, weekday_of: WeekdayOf) -> Turn:
    """When it is next; an empty Turn where the words do not say."""
    rest = _rest(text, words)
    if rest is None:
        return Turn()
    begins = _behind(text, words.starting, words)
    if begins is not None:
        first = day_of(_before(begins, words.until, words))
        if first is None or first >= today or words.glued:
            return Turn(first)
    # what began in the past goes on: its next turn is that of the words before
    rest = _before(rest, (*words.until, *words.starting), words)
    if text in words.daily or rest in words.days:
        return Turn(today)
    if rest in words.workdays:
        return Turn(_first(today, range(5)))
    if rest in words.weekends:
        return Turn(_first(today, (5,)))
    if _is_span(rest, words) or text in words.adverbs:
        return Turn()
    parts = [part for part in _parts(rest, words)[:MAX_PARTS] if part]
    named = [day for part in parts if (day := _named(part, words, today, day_of, weekday_of))]
    if named:
        return Turn(min(named))
    ruled = [day for part in parts if (day := _by_rule(part, words, today, weekday_of))]
    return Turn(by_rule=min(ruled)) if ruled else Turn()


def _rest(text: str, words: Words) -> str | None:
    """What stands behind "every", or None without it."""
    if text in words.adverbs or text in words.daily:
        return ""
    found = _every(words.every + words.after, words.glued).match(text)
    if found and (words.glued or text[found.end() :].strip()):
        return text[found.end() :].strip()
    if words.glued and text.endswith("마다"):
        return text.removesuffix("마다").strip()
    for adverb in (*words.adverbs, *words.daily):
        if text.startswith(f"{adverb} "):
            return text[len(adverb) :].strip()
    return None


@cache
def _every(prefixes: tuple[str, ...], glued: bool) -> re.Pattern[str]:
    longest_first = sorted(prefixes, key=len, reverse=True)
    return re.compile(
        rf"(?:{'|'.join(map(re.escape, longest_first))})(?:{'!?' if glued else '! ?| '})"
    )


def _behind(text: str, marks: Iterable[str], words: Words) -> str | None:
    for mark in marks:
        if words.glued:
            if text.endswith(mark) and len(text) > len(mark):
                every = _every(words.every, words.glued).search(text)
                return text[: every.start() if every else -len(mark)].removesuffix(mark).strip()
            continue
        before, found, after = text.partition(f" {mark} ")
        if found and before:
            return after.removeprefix("on ").strip()
    return None


def _before(text: str, marks: Iterable[str], words: Words) -> str:
    if words.glued:
        return text
    for mark in marks:
        text = text.partition(f" {mark} ")[0]
    return text.strip()


def is_interval(text: str, words: Words) -> bool:
    """Whether the text says how often something comes, and nothing of when."""
    rest = _rest(text, words)
    return rest is not None and _is_span(rest, words)


def _is_span(rest: str, words: Words) -> bool:
    counted = _NUMBER.fullmatch(rest)
    unit = counted[1] if counted else rest
    names = (*words.spans, *words.days)
    if unit in names or unit.removesuffix("s") in names:
        return bool(counted) or unit in words.spans or unit.removesuffix("s") in words.spans
    return False


@cache
def _between(both: tuple[str, ...], glued: bool) -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in both) or "and"
    return re.compile(rf"[,;/、]\s*|{f'(?:{words})' if glued else f' (?:{words}) '}")


def _parts(rest: str, words: Words) -> list[str]:
    # ordinals in German and Danish end in a point: only what stands between parts is cut
    return [part.strip() for part in _between(words.both, words.glued).split(rest)]


def _named(
    part: str, words: Words, today: date, day_of: DayOf, weekday_of: WeekdayOf
) -> date | None:
    if words.glued and len(part) > 1 and part[0] in "週周주":
        part = part[1:].strip() if weekday_of(part) is None else part
    weekday = weekday_of(part)
    if weekday is None:
        weekday = weekday_of(part.removesuffix("s"))  # montags, mondays, lunes
    if weekday is not None:
        return _first(today, (weekday,))
    if _ORDINAL.fullmatch(part) or part in words.spans:
        return None
    nth = _NTH.fullmatch(part)
    if nth and (weekday_of(nth[2]) is not None or nth[2] in words.workdays):
        return None
    # a day of the year comes again, so one that has passed is meant for the next year
    day = day_of(part)
    if day is not None and day < today:
        return make(day.year + 1, day.month, day.day)
    return day


def _by_rule(part: str, words: Words, today: date, weekday_of: WeekdayOf) -> date | None:
    if found := _ORDINAL.fullmatch(part):
        return _in_months(today, partial(make, day=int(found[1])))
    for last in words.last:
        what = part.removeprefix(f"{last} ")
        if what == part:
            continue
        if what in words.days:
            return _in_months(today, _last_day)
        weekday = weekday_of(what)
        if weekday is not None:
            return _in_months(today, partial(_last_weekday, weekday))
    found = _NTH.fullmatch(part)
    weekday = weekday_of(found[2]) if found else None
    if found and weekday is not None:
        number = int(found[1])
        return _in_months(today, partial(_nth_weekday, number, weekday))
    if found and found[2] in words.workdays:
        number = int(found[1])
        return _in_months(today, partial(_nth_workday, number))
    return None


def _first(today: date, weekdays: Iterable[int]) -> date:
    return min(today + timedelta(days=(day - today.weekday()) % 7) for day in weekdays)


def _in_months(today: date, of_month: Callable[[int, int], date | None]) -> date | None:
    """The first such day from today on, within the coming year."""
    for ahead in range(13):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        day = of_month(year, month + 1)
        if day is not None and day >= today:
            return day
    return None


def _last_day(year: int, month: int) -> date | None:
    following = make(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1) if following else None


def _last_weekday(weekday: int, year: int, month: int) -> date | None:
    last = _last_day(year, month)
    return last - timedelta(days=(last.weekday() - weekday) % 7) if last else None


def _nth_weekday(number: int, weekday: int, year: int, month: int) -> date | None:
    first = make(year, month, 1)
    if first is None:
        return None
    return make(year, month, 1 + (weekday - first.weekday()) % 7 + 7 * (number - 1))


def _nth_workday(number: int, year: int, month: int) -> date | None:
    days = (day for n in range(1, 32) if (day := make(year, month, n)) and day.weekday() < 5)
    return next((day for place, day in enumerate(days, start=1) if place == number), None)


def words_for(language: str) -> Words:
    """The words of the language, those of English for one without."""
    return all_words().get(language, all_words()["en"])
