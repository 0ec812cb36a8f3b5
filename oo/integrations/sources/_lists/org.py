"""Org mode: headlines with a keyword are tasks (https://orgmode.org/manual/)."""

import re
from dataclasses import dataclass, field

from oo.integrations.sources._dates import When, parse_when
from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import HEAD, Outline, numbered, undress
from oo.integrations.sources._lists._reader import Handed, Reader

_HEADLINE = re.compile(r"(?P<stars>\*+)\s+(?P<rest>.*)")
_TAGS = re.compile(r"\s+:([\w@#%:]+):\s*$")
_COOKIE = re.compile(r"\s*\[#([A-Z0-9])\]\s*")
_PROGRESS = re.compile(r"\s*\[\d*(?:/\d*|%)\]")
_PLANNED = re.compile(r"(DEADLINE|SCHEDULED|CLOSED):\s*[<\[]([^>\]]*)[>\]]")
_STAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:\s+[^\W\d_]+\.?)?(?:\s+(\d{1,2}:\d{2})(?:-\d{1,2}:\d{2})?)?"
    r"(?P<repeat>\s+[.+]?\+\d+[hdwmy])?.*"
)
_KEYWORDS = re.compile(r"#\+(?:TODO|SEQ_TODO|TYP_TODO):\s*(.*)", re.IGNORECASE)
_TITLE = re.compile(r"#\+TITLE:\s*(.*)", re.IGNORECASE)
_DRAWER = re.compile(r":[\w-]+:\s*$")
_BLOCK = re.compile(r"#\+BEGIN_", re.IGNORECASE)
_SIGN = re.compile(r"^\*+ (?:TODO|DONE|NEXT|WAITING) |^#\+\w+:|^[ \t]*:PROPERTIES:", re.MULTILINE)
_OPEN = frozenset(
    {"TODO", "NEXT", "WAITING", "WAIT", "STARTED", "HOLD", "DOING", "INPROGRESS", "IN-PROGRESS"}
    | {"SOMEDAY", "DELEGATED", "PROJ"}
)
_FINISHED = frozenset(["DONE", "CANCELLED", "CANCELED", "KILL", "KILLED", "ABANDONED", "FIXED"])
_PRIORITIES = {"A": 4, "B": 3, "C": 2}


@dataclass(slots=True)
class _Pending:
    """A headline, which the lines under it plan."""

    line: int
    item: Item
    planned: dict[str, str] = field(default_factory=dict)


def recognises(filename: str, text: str) -> float:
    hits = len(_SIGN.findall(text[:HEAD]))
    if filename.endswith(".org"):
        return 0.95
    return 0.85 if hits >= 2 and re.search(r"^\*+ [A-Z-]{4,} ", text[:HEAD], re.MULTILINE) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read headlines with keywords and boxes under them; DEADLINE counts before SCHEDULED."""
    lines = numbered(handed.text)
    finished = set(_FINISHED)
    project: str | None = None
    for _, line in lines:
        if keywords := _KEYWORDS.match(line):
            _, _, ends = keywords[1].partition("|")
            finished |= {word.partition("(")[0] for word in ends.split()}
        elif title := _TITLE.match(line):
            project = title[1] or None
    known = finished | _OPEN | _own(lines)
    outline, pending, skipping = Outline(), None, ""
    for number, line in lines:
        stripped = line.strip()
        if skipping:
            found.understood(number)
            skipping = "" if stripped.lower().startswith(skipping) else skipping
        elif headline := _HEADLINE.match(line):
            _flush(pending, handed, found)
            pending = _headline(headline, number, outline, project, known, finished)
            found.understood(number)
        elif stripped.startswith("#") or (stripped.startswith(":") and _DRAWER.match(stripped)):
            found.understood(number)
            if _BLOCK.match(stripped):
                skipping = "#+end_"
            elif stripped.lower() in (":properties:", ":logbook:"):
                skipping = ":end:"
        elif plans := _PLANNED.findall(line):
            found.understood(number)
            if pending is not None:
                pending.planned.update(plans)
        else:
            _body(number, line, outline, project, found)
    _flush(pending, handed, found)


def _own(lines: list[tuple[int, str]]) -> set[str]:
    found = (_KEYWORDS.match(line) for _, line in lines)
    return {word.partition("(")[0] for one in found if one for word in one[1].split()}


def _headline(
    headline: re.Match[str],
    number: int,
    outline: Outline,
    project: str | None,
    known: set[str] | frozenset[str],
    finished: set[str],
) -> _Pending | None:
    level, rest = len(headline["stars"]), headline["rest"]
    keyword, _, title = rest.partition(" ")
    is_task = keyword in known
    title = title if is_task else rest
    tags = _TAGS.search(title)
    title = title[: tags.start()] if tags else title
    cookie = _COOKIE.search(title)
    title = _PROGRESS.sub("", _COOKIE.sub(" ", title, count=1)).strip()
    place = outline.place(level)
    outline.push(level, title)
    if not is_task:
        return None
    item = Item(
        title,
        place,
        project or (place[0] if place else None),
        is_done=keyword in finished,
        priority=_PRIORITIES.get(cookie[1], 1) if cookie else 1,
        labels=tuple(tags[1].split(":")) if tags else (),
    )
    return _Pending(number, item)


def _flush(pending: _Pending | None, handed: Handed, found: Collected) -> None:
    if pending is None:
        return
    text = pending.planned.get("DEADLINE") or pending.planned.get("SCHEDULED")
    when = _when(text, handed) if text else None
    if text and when is None:
        found.undated(pending.line, text)
    item = pending.item
    found.add(
        pending.line,
        Item(
            item.title, item.place, item.project, item.is_done, item.priority, when,
            labels=item.labels,
        ),
    )  # fmt: skip


def _when(text: str, handed: Handed) -> When | None:
    stamp = _STAMP.fullmatch(text.strip())
    named = parse_when(" ".join(filter(None, stamp.groups()[:2])), handed.today) if stamp else None
    if stamp is None or named is None:
        return None
    return When(named.day, named.at, recurring=bool(stamp["repeat"]))


def _body(number: int, line: str, outline: Outline, project: str | None, found: Collected) -> None:
    plain = undress(line)
    if not plain.has_box:
        found.understood(number)  # the text of a headline
        return
    indent = 100 + plain.indent  # below every headline
    place = outline.place(indent)
    outline.push(indent, plain.text)
    item = Item(plain.text, place, project or (place[0] if place else None), is_done=plain.is_done)
    found.add(number, item)


READER = Reader(
    name="org",
    title="Org mode",
    recognises=recognises,
    read=read,
    example="#+TITLE: Agenda\n* TODO Call Bob\n  DEADLINE: <2026-11-27 Fri>\n* DONE Sent letter\n",
)
