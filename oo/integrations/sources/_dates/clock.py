"""The time at the end, or the beginning, of a text about a date."""

import re
from datetime import time
from functools import cache
from typing import NamedTuple

from oo.integrations.sources._dates.words import Words, all_words

_PARTS_OF_DAY = {
    "morning": 9,
    "noon": 12,
    "midday": 12,
    "afternoon": 12,
    "evening": 19,
    "night": 22,
}
_PART = re.compile(r"(?:^| )(?:(?:in the|this|at) )?(morning|noon|midday|afternoon|evening|night)$")
_LATE = ("pm", "下午", "晚上", "午後", "오후")
_EARLY = ("am", "上午", "早上", "午前", "오전")
_HALF = "|".join((*_LATE, *_EARLY))
_CJK = re.compile(
    rf"(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}})\s*[点點時时시](?:\s*(?P<minute>\d{{1,2}})\s*[分분]?|(?P<part>半|반))?に?$"
)


class Split(NamedTuple):
    """What is left of the text, and the time that was on it."""

    rest: str
    at: time | None


def split_time(text: str, language: str) -> Split:
    """Take the time off `text`, which is in lower case; a bare number is no time."""
    words = all_words().get(language, all_words()["en"])
    if words.glued and (found := _CJK.search(text)):
        half = found["half"] or ""
        minute = 30 if found["part"] else int(found["minute"] or 0)
        return _split(text, found, int(found["hour"]), minute, half)
    if found := _clock(language).search(text):
        has_sign = found["minute"] or found["half"] or found["unit"]
        if has_sign or (found["at"] and found["at"].strip() and text[: found.start()].strip()):
            hour, minute = int(found["hour"]), int(found["minute"] or 0)
            return _split(text, found, hour, minute, found["half"] or "")
    if found := _PART.search(text):
        rest = text[: found.start()].strip(" ,")
        if found[1] in ("noon", "midday") or rest in ("today", "tomorrow", "tom", "tod"):
            return Split(rest, time(_PARTS_OF_DAY[found[1]]))
    return Split(text, None)


def _split(text: str, found: re.Match[str], hour: int, minute: int, half: str) -> Split:
    if half:
        if not 1 <= hour <= 12:
            return Split(text, None)
        hour = hour % 12 + (12 if half.replace(".", "") in _LATE else 0)
    if hour > 23 or minute > 59:
        return Split(text, None)
    return Split(text[: found.start()].strip(" ,"), time(hour, minute))


@cache
def _clock(language: str) -> re.Pattern[str]:
    words: Words = all_words().get(language, all_words()["en"])
    at = "|".join(re.escape(word) for word in sorted({*words.at, "at", "@"}, key=len, reverse=True))
    return re.compile(
        rf"(?:^|[ ,]+|(?<=\d)t)(?P<at>(?:{at}) ?)?(?P<hour>\d{{1,2}})"
        r"(?:(?:[:h]|(?<=\d)u)(?P<minute>\d{2})(?::\d{2}(?:\.\d+)?)?)?"
        r" ?(?P<half>am|pm|a\.m\.|p\.m\.)?(?P<unit>h| uhr| uur)?$"
    )
