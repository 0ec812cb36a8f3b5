"""The words of dates that dateparser does not know, by language: see ``words.yaml``."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from oo.kit.yaml_files import read_yaml

_FILE = Path(__file__).with_suffix(".yaml")
_CJK_NAMES = {
    "ja": {name + end: day for day, name in enumerate("月火水木金土日") for end in ("曜日", "曜")},
    "ko": {f"{name}요일": day for day, name in enumerate("월화수목금토일")},
    "zh": {
        week + name: day
        for day, names in enumerate(("一", "二", "三", "四", "五", "六", "日天"))
        for name in names
        for week in ("周", "週", "星期", "礼拜", "禮拜")
    },
}


@dataclass(frozen=True, slots=True)
class Words:
    """How a language says when something repeats; all words are in lower case.

    `every` stand before what repeats, `after` before an interval counted from when it was done,
    `adverbs` alone; `daily` do and mean each day. `days` after "every" mean each day, `workdays`
    each weekday; `spans` are units that name no day by themselves. `starting` stand before the
    first day, `until` before the last; `next` before a weekday of the coming week, `on`
    before any day; `at` before a
    time; `both` between two days. `last` stands before a weekday or one of `days`. `never` say
    that there is no date. `phrases` are days from today on. `names` are weekdays, by their number
    from Monday = 0, that dateparser takes for something else or does not know. `glued` languages
    are written without spaces.
    """

    every: tuple[str, ...]
    adverbs: tuple[str, ...] = ()
    daily: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()
    weekends: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()
    starting: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    phrases: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    glued: bool = False


@cache
def all_words() -> dict[str, Words]:
    """The words of every language that is read, by its code (ISO 639-1)."""
    found = read_yaml(_FILE)
    words = TypeAdapter(dict[str, Words]).validate_python(found)
    for language, names in _CJK_NAMES.items():
        words[language].names.update(names)
    return words
