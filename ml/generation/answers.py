"""Reading what a model answered: whatever tips are whole in it, and precisely why others are not.

Models without a grammar wrap their JSON in prose and fences, think aloud before it, write it twice
or are cut off in the middle. A repairing parser would close a string that was cut and make a tip of
its half; here only what was written whole counts.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ml.generation.drafts import RawTip
from oo.domain.tips import TipKind
from oo.kit.invalid import in_words

MAX_CHARS = 50_000
MAX_MISSES = 200  # objects that cannot be read; each costs a pass over what follows
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_PERCENT = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*")
_DECODER = json.JSONDecoder()

EMPTY = "an empty answer"
NO_JSON = "no JSON object in the answer"
NO_TIPS = "no tips in the answer"
CUT_OFF = "the answer was cut off in the middle of a tip"


def _as_share(value: object) -> object:
    """A confidence as a share of 1: `85`, "85 %" and "0.85" are what some models write for it."""
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    if isinstance(value, str):
        percent = _PERCENT.fullmatch(value)
        return float(percent[1]) / 100 if percent else value
    if isinstance(value, int | float) and 1 < value <= 100:
        return value / 100
    return value


class _Tip(BaseModel):
    """One tip of an answer."""

    model_config = ConfigDict(extra="ignore")

    task_id: str | None = None
    kind: TipKind
    content: str
    confidence: Annotated[
        float, BeforeValidator(_as_share), Field(ge=0, le=1, allow_inf_nan=False)
    ] = 0.5


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tips that could be read, and for each that could not, why."""

    tips: tuple[RawTip, ...]
    unread: tuple[str, ...] = ()


def parse(text: str) -> Parsed:
    """Read an answer; tips are read one by one, so that a bad one spoils no other."""
    said = _THOUGHT_END.sub("", _THOUGHT.sub("", text[:MAX_CHARS])).strip()
    if not said:
        return Parsed((), (EMPTY,))
    tips: list[RawTip] = []
    unread: list[str] = []
    rows, is_cut = _rows(said)
    for number, row in enumerate(rows, 1):
        try:
            tip = _Tip.model_validate(row)
        except ValidationError as error:
            unread.append(f"tip {number}: {in_words(error.errors(), 'tip')}")
        else:
            tips.append(RawTip(tip.task_id, tip.kind, tip.content.strip(), tip.confidence))
    if is_cut:
        unread.append(CUT_OFF)
    if not tips and not unread:
        unread.append(NO_TIPS if "{" in said else NO_JSON)
    return Parsed(tuple(tips), tuple(unread))


def _rows(text: str) -> tuple[list[object], bool]:
    """What claims to be a tip, in order, and whether the text ends inside of one."""
    rows: list[object] = []
    tail = text
    for found, end in _objects(text):
        rows.extend(_claims_to_be_tips(found))
        tail = text[end:]
    return rows, re.search(r'\{[^{}]*"(?:content|task_id|kind)"[^{}]*\Z', tail) is not None


def _claims_to_be_tips(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for one in value:
            yield from _claims_to_be_tips(one)
    elif isinstance(value, dict):
        if isinstance(value.get("tips"), list):
            yield from value["tips"]
        elif "content" in value:
            yield value
        else:
            yield from _claims_to_be_tips(list(value.values()))


def _objects(text: str) -> Iterator[tuple[dict[str, Any], int]]:
    """The JSON objects in a text and where each ends, the outermost that are whole."""
    at, misses = text.find("{"), 0
    while at >= 0 and misses < MAX_MISSES:
        try:
            found, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            misses += 1
            at = text.find("{", at + 1)
        else:
            yield found, end
            at = text.find("{", end)
