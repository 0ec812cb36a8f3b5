"""TaskPaper: projects end in a colon, tasks begin with a dash, tags with @."""

import re

from oo.integrations.sources._dates import parse_when
from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import HEAD, TAB, Outline, numbered
from oo.integrations.sources._lists._reader import Handed, Reader

_TAG = re.compile(r"(?:^|\s)@([\w-]+)(?:\(([^)]*)\))?(?=\s|$)")
_PROJECT = re.compile(r"^(\s*)([^-\s].*?):(?:\s+@.*)?\s*$")
_TASK = re.compile(r"^(\s*)- (.*)$")
_SIGN = re.compile(r"^[ \t]*- .*\s@(?:done|due|cancelled|start|defer|flagged)\b", re.MULTILINE)
_HEAD = re.compile(r"^[^-\s].*:[ \t]*$", re.MULTILINE)
_FINISHED = frozenset({"done", "cancelled", "canceled"})
_DATES = ("due", "start", "defer")


def recognises(filename: str, text: str) -> float:
    if filename.endswith(".taskpaper"):
        return 0.95
    head = text[:HEAD]
    return 0.8 if _SIGN.search(head) and _HEAD.search(head) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read projects, tasks and their tags; other lines are notes."""
    outline, projects = Outline(), Outline()
    for number, line in numbered(handed.text):
        task = _TASK.match(line)
        indent = len(line.expandtabs(TAB)) - len(line.expandtabs(TAB).lstrip())
        if task is None:
            found.understood(number)
            if heading := _PROJECT.match(line):
                projects.push(indent, heading[2])
                outline.push(indent, heading[2])
            continue
        above = projects.place(indent + 1)
        tags = dict(_TAG.findall(task[2]))
        place = outline.place(indent)
        title = _TAG.sub("", task[2])
        outline.push(indent, title)
        text = next((tags[name] for name in _DATES if tags.get(name)), "")
        when = parse_when(text, handed.today) if text else None
        item = Item(
            title,
            place,
            above[-1] if above else None,
            is_done=bool(_FINISHED & set(tags)),
            priority=4 if "flagged" in tags or tags.get("priority") == "1" else 1,
            when=when,
            labels=tuple(name for name in tags if name not in (*_FINISHED, *_DATES, "priority")),
        )
        if found.add(number, item) and text and when is None:
            found.undated(number, text)


READER = Reader(
    name="taskpaper",
    title="TaskPaper",
    recognises=recognises,
    read=read,
    example="Garden:\n\t- Call Bob @due(2026-11-27)\n\t- Sent letter @done(2026-11-20)\n",
)
