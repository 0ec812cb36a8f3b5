"""Japanese: a verb is made a noun by の, two nouns side by side are joined by it."""

import re
from functools import cache

from ml.activities.words import stems
from ml.generation.titles import display_title
from ml.naming.name import LONGEST_TITLE, Grammar, Name, sort_of, vocabulary

CODE = "ja"
_PLAIN = re.compile(r"[\u3041-\u309f\u30a0-\u30ff\u3400-\u9fff々ー・A-Za-z]+")
_ENDS = re.compile(r"[（(、。！!？?/:：→]")
_DOES = re.compile(r"(?P<what>.+)を(?P<work>[\u4e00-\u9fff]{2}|[\u30a1-\u30faー]{2,6})(?:する)?")
_TO = re.compile(r"(?P<whom>.+?)(?<!の)に(?P<work>[\u4e00-\u9fff]{2}|メール|メッセージ)(?:する)?")
_VERB = re.compile(r".*[をにがで\u4e00-\u9fff\u3041-\u3096][うくぐすつぬぶむる]")
_NO_NAME = re.compile(
    r".*(?:ない|たい|って|った|んだ|した|まで|から|より|おめでとう|ありがとう|.+が.+|ます|です|しろ|せよ|ください|して|で|に|を|は|が|か)"
)
_TIME = re.compile(
    r"[今明昨毎来先]日|今週|来週|今月|来月|月曜|火曜|水曜|木曜|金曜|土曜|日曜|至急|早め"
)
_MOST_STRANGE = 0.5  # of the pairs of characters, that titles of others do not have


def words(title: str) -> tuple[str, ...]:
    """The parts of a title between its gaps; empty where something in it is not plain."""
    if display_title(title) != title or len(title) > LONGEST_TITLE // 2:
        return ()
    text = title[: found.start()] if (found := _ENDS.search(title)) else title
    parts = tuple(text.split())
    if not parts or not all(map(_PLAIN.fullmatch, parts)) or _TIME.search(text):
        return ()
    pairs = [pair for part in parts for pair in stems(part)]
    strange = sum(pair not in _pairs() for pair in pairs)
    return parts if strange <= _MOST_STRANGE * len(pairs) else ()


def name(parts: tuple[str, ...]) -> Name | None:
    """ "名刺を注文する": 名刺の注文; "企画書 佐々木さん": 佐々木さんの企画書."""
    if len(parts) == 1:
        said = _one(parts[0])
    elif len(parts) == 2 and not any(
        "を" in part or "に" in part or part.endswith("の") for part in parts
    ):
        said = _two(*parts)
    else:
        said = None
    return None if said is None else Name(said, is_action=said.endswith("の"))


def _one(text: str) -> str | None:
    if found := _DOES.fullmatch(text):
        return f"{found['what']}の{found['work']}"
    if found := _TO.fullmatch(text):
        return f"{found['whom']}への{found['work']}"
    if _NO_NAME.fullmatch(text):
        return None
    if text.endswith("する"):
        return f"{text}の"
    return f"{text}の" if _VERB.fullmatch(text) and not _is_noun(text) else text


def _two(first: str, second: str) -> str | None:
    if any(_VERB.fullmatch(part) and not _is_noun(part) for part in (first, second)):
        return None
    if second.endswith(tuple(sort_of(CODE, "people"))):
        return f"{second}の{first}"
    for part, other in ((second, first), (first, second)):
        if _is_noun(part):
            return f"{other}の{part}"
    return None


def _is_noun(text: str) -> bool:
    return text.endswith(tuple(sort_of(CODE, "heads")))


@cache
def _pairs() -> frozenset[str]:
    return frozenset().union(*map(stems, vocabulary(CODE)))


def declared() -> frozenset[str]:
    """The particles that join."""
    return frozenset({"の", "への"})


GRAMMAR = Grammar(CODE, words, name, declared)
