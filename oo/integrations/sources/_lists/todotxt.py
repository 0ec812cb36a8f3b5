"""todo.txt: one task a line, marks before and tags within (https://github.com/todotxt/todo.txt)."""

import re
from datetime import UTC, date, datetime

from oo.integrations.sources._dates import When, parse_when
from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import HEAD, numbered, share
from oo.integrations.sources._lists._reader import Handed, Reader

_TASK = re.compile(
    r"(?P<done>x (?=\(|\d{4}-|\S))?(?:\((?P<priority>[A-Z])\) )?"
    r"(?:(?P<first>\d{4}-\d{2}-\d{2}) )?(?:(?P<second>\d{4}-\d{2}-\d{2}) )?(?P<text>.*)"
)
_SIGN = re.compile(r"\([A-Z]\) \S|x (?:\([A-Z]\) )?\d{4}-\d{2}-\d{2} |\d{4}-\d{2}-\d{2} \S")
_TAGGED = re.compile(
    r"(?:^| )(?:due:\d{4}-\d{2}-\d{2}|rec:\+?\d+[dwmyb]|t:\d{4}-\d{2}-\d{2})(?= |$)"
)
_PROJECT = re.compile(r"(?:^|\s)\+(\S+)")
_CONTEXT = re.compile(r"(?:^|\s)@(\S+)")
_KEY = re.compile(r"(?:^|\s)(due|t|rec|pri|h|id|p|uuid|sub):(\S+)")
_TRAILING = re.compile(r"\s[+@]\S+$")
_PRIORITIES = {"A": 4, "B": 3, "C": 2}
_ENOUGH = 0.3


def recognises(filename: str, text: str) -> float:
    lines = numbered(text[:HEAD])
    hits = sum(bool(_SIGN.match(line) or _TAGGED.search(line)) for _, line in lines)
    if filename.rpartition("/")[2] in ("todo.txt", "done.txt"):
        return 0.9
    return 0.8 if hits >= 2 and share(hits, len(lines)) >= _ENOUGH else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read a todo.txt; `due:` dates count, `h:1` is hidden and left out with a word."""
    for number, line in numbered(handed.text):
        parts = _TASK.fullmatch(line.strip())
        if parts is None:
            found.add(number, Item(line))
            continue
        text, keys = _without_keys(parts["text"])
        projects, contexts = _PROJECT.findall(text), _CONTEXT.findall(text)
        while end := _TRAILING.search(text):
            text = text[: end.start()]
        project = projects[0] if projects else None
        due_text = keys.get("due", "")
        due = parse_when(due_text, handed.today)
        item = Item(
            text,
            tuple(projects[:1]),
            project,
            is_done=bool(parts["done"]),
            priority=_PRIORITIES.get(parts["priority"] or keys.get("pri", "").upper(), 1),
            when=_repeating(due, bool(keys.get("rec"))),
            labels=tuple(contexts),
            added_at=_added(parts["second"] or (None if parts["done"] else parts["first"])),
        )
        if keys.get("h") == "1":
            found.leave_out(number, item, "hidden (h:1); left out")
            continue
        if found.add(number, item) and due_text and due is None:
            found.undated(number, due_text)
        elif item.when is not None and item.when.recurring and item.when.due is None:
            found.without_day(number, f"rec:{keys['rec']}")


def _without_keys(text: str) -> tuple[str, dict[str, str]]:
    keys = {found[1]: found[2] for found in _KEY.finditer(text)}
    return _KEY.sub("", text).strip(), keys


def _repeating(when: When | None, is_recurring: bool) -> When | None:
    if not is_recurring:
        return when
    return When(when.day if when else None, when.at if when else None, recurring=True)


def _added(text: str | None) -> datetime | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) if day else None


READER = Reader(
    name="todotxt",
    title="todo.txt",
    recognises=recognises,
    read=read,
    example="(A) 2026-11-01 Call Bob +Flat @phone due:2026-11-27\n"
    "x 2026-11-20 2026-11-10 Sent letter\n",
)
