"""Markdown of Obsidian's Tasks plug-in: signs for dates, priorities and repetitions in a task."""

import re
from datetime import UTC, date, datetime

from oo.integrations.sources._dates import When, parse_when
from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import HEAD
from oo.integrations.sources._lists._markdown import has_boxes, marked, read_markdown
from oo.integrations.sources._lists._reader import Handed, Reader

_VS = "\ufe0f?"
_DATE = r"\s*(\d{4}-\d{2}-\d{2})"
_SIGNS = {
    "due": re.compile(rf"\s*[📅📆🗓]{_VS}{_DATE}"),
    "scheduled": re.compile(rf"\s*[⏳⌛]{_VS}{_DATE}"),
    "start": re.compile(rf"\s*🛫{_VS}{_DATE}"),
    "done": re.compile(rf"\s*✅{_VS}{_DATE}"),
    "cancelled": re.compile(rf"\s*❌{_VS}{_DATE}"),
    "created": re.compile(rf"\s*➕{_VS}{_DATE}"),
}
_FIELD = re.compile(
    r"\s*[\[(](due|scheduled|start|completion|created|priority|repeat):: ?([^\])]*)[\])]"
)
_REPEAT = re.compile(rf"\s*🔁{_VS}\s*(every[^📅📆🗓⏳⌛🛫✅❌➕⏫🔺🔼🔽⏬#^]*)")
_PRIORITY = re.compile(rf"\s*([🔺⏫🔼🔽⏬]){_VS}(?=\s|$)")
_BLOCK = re.compile(r"\s+\^[\w-]+$")
_TAG = re.compile(r"(?:^|\s)#([^\s#]*[^\s\d#][^\s#]*)")
_TRAILING_TAG = re.compile(r"\s+#[^\s#]*[^\s\d#][^\s#]*$")
_LEVELS = {"🔺": 4, "⏫": 4, "🔼": 3, "🔽": 1, "⏬": 1}
_FIELD_LEVELS = {"highest": 4, "high": 4, "medium": 3}
_NAMES = {"completion": "done"}
_ANY = re.compile(
    rf"[📅📆🗓⏳⌛🛫✅]{_VS}\s*\d{{4}}-|🔁{_VS}\s*every|\[\[[^\[\]]+\]\]|:: ?\d{{4}}-| \^\w+$",
    re.MULTILINE,
)


def recognises(filename: str, text: str) -> float:
    return 0.85 if has_boxes(text) and _ANY.search(text[:HEAD]) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read Markdown, and in its tasks the signs of the Tasks plug-in and Dataview's fields."""
    read_markdown(handed, found, _enrich)


def _enrich(item: Item, line: int, handed: Handed, found: Collected) -> Item:
    text, told = _BLOCK.sub("", item.title), dict[str, str]()
    for name, sign in _SIGNS.items():
        if sign_found := sign.search(text):
            told[name] = sign_found[1]
            text = sign.sub("", text)
    if repeat := _REPEAT.search(text):
        told["repeat"] = repeat[1].strip()
        text = _REPEAT.sub("", text)
    level = 1
    if priority := _PRIORITY.search(text):
        level, text = _LEVELS[priority[1]], _PRIORITY.sub("", text)
    for field in _FIELD.finditer(text):
        told.setdefault(_NAMES.get(field[1], field[1]), field[2].strip())
        level = _FIELD_LEVELS.get(told.get("priority", ""), level)
    text = _FIELD.sub("", text)
    labels = tuple(_TAG.findall(text))
    while end := _TRAILING_TAG.search(text):
        text = text[: end.start()]
    return marked(
        item,
        title=text,
        is_done=item.is_done or "done" in told or "cancelled" in told,
        priority=level,
        when=None if item.is_done else _when(told, line, handed, found),
        labels=labels,
        added_at=_noon(told.get("created")),
    )


def _when(told: dict[str, str], line: int, handed: Handed, found: Collected) -> When | None:
    text = told.get("due") or told.get("scheduled") or told.get("start")
    named = parse_when(text, handed.today) if text else None
    if text and named is None:
        found.undated(line, text)
    if "repeat" not in told:
        return named
    repeat = parse_when(told["repeat"], handed.today)
    day = named.day if named else repeat.due if repeat else None
    if day is None:
        found.without_day(line, told["repeat"])
    return When(day, named.at if named else None, recurring=True)


def _noon(text: str | None) -> datetime | None:
    try:
        return (
            datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC) if text else None
        )
    except ValueError:
        return None


READER = Reader(
    name="obsidian",
    title="Obsidian tasks",
    recognises=recognises,
    read=read,
    example="- [ ] Call Bob 📅 2026-11-27 ⏫ #phone\n- [x] Sent letter ✅ 2026-11-20\n",
)
