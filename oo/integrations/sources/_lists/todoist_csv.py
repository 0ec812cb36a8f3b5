"""Todoist's CSV export of a project, also as a spreadsheet saved it again."""

import re
from collections import Counter

from oo.integrations.sources._dates import When, language_of, parse_when
from oo.integrations.sources._lists._collected import Collected, Item, with_due
from oo.integrations.sources._lists._lines import Outline
from oo.integrations.sources._lists._reader import Handed, Reader
from oo.integrations.sources._lists._rows import Row, has_columns, table
from oo.integrations.sources._text import one_line

COLUMNS = ("TYPE", "CONTENT")
MAX_LABELS = 20
_LABEL = re.compile(r"\s@(\S+)$")
_PROJECT = re.compile(
    r"^(?P<name>.*?)\s*(?:\[(?P<number>\d+)\])?\s*(?:\(\d{1,3}\))?\.csv$", re.IGNORECASE
)
_PRIORITY = re.compile(r"[pP]?([1-4])")
_HEADER = re.compile(r"\*\s+\S")  # Todoist's mark of a task that cannot be ticked off
_PARTS = ("", "section", "note", "meta")


def recognises(filename: str, text: str) -> float:
    return 0.99 if has_columns(text, COLUMNS) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read an export; its project is named by the file.

    The export holds no finished tasks, so that one which is missing from a newer export of the
    same project is finished.
    """
    project = _PROJECT.match(handed.filename)
    name = project["name"] if project else None
    if project:
        found.scope = f"todoist {project['number'] or name}"
        found.is_complete = True
    rows = table(handed.text, COLUMNS)
    found.understood(*rows.preamble)
    every = list(rows.rows)
    me = whose(every)
    outline = Outline()
    section: tuple[str, ...] = ()
    for row in every:
        found.understood(*row.lines)
        kind = row["TYPE"].lower()
        if kind == "section":
            outline.clear()
            section = (row["CONTENT"],)
        elif kind == "task":
            _task(row, Item("", section, name), outline, me, handed, found)
        elif kind not in _PARTS:
            found.fail(row.lines.start, f"unknown TYPE {one_line(kind)[:20]!r}")


def whose(rows: list[Row]) -> str | None:
    """Whose export it is: who wrote most of it; None where the rows do not say.

    An export does not name its owner. Somebody who exports a list has, as a rule, added most of
    what is on it.
    """
    authors = Counter(row["AUTHOR"] for row in rows if row["AUTHOR"]).most_common(2)
    if not authors or (len(authors) == 2 and authors[0][1] == authors[1][1]):
        return None
    return authors[0][0]


def _task(
    row: Row, under: Item, outline: Outline, me: str | None, handed: Handed, found: Collected
) -> None:
    line, content = row.lines.start, one_line(row["CONTENT"])
    if content.lower().startswith("view_style="):
        return
    level = int(row["INDENT"]) if row["INDENT"].isdecimal() and len(row["INDENT"]) < 3 else 1
    title, labels = split_labels(content)
    place = (*under.place, *outline.place(level))
    outline.push(level, title)
    if _HEADER.match(content):
        return
    item = Item(
        title,
        place,
        under.project,
        priority=_priority(row, line, found),
        when=_when(row, line, handed, found),
        zone=row["TIMEZONE"],
        labels=labels,
    )
    if me is not None and row["RESPONSIBLE"] not in ("", me):
        who = one_line(row["RESPONSIBLE"])[:40]
        found.leave_out(line, item, f"assigned to {who}; left out")
        return
    found.add(line, item)


def split_labels(content: str) -> tuple[str, tuple[str, ...]]:
    """The title without the labels at its end, and these."""
    labels: list[str] = []
    while len(labels) < MAX_LABELS and (label := _LABEL.search(content)):
        labels.insert(0, label[1])
        content = content[: label.start()]
    return content, tuple(labels)


def _priority(row: Row, line: int, found: Collected) -> int:
    text = row["PRIORITY"] or "4"
    number = _PRIORITY.fullmatch(text)
    if number is None:
        found.fail(line, f"PRIORITY {one_line(text)[:20]!r} is not 1, 2, 3 or 4; taken as 4")
        return 1
    return 5 - int(number[1])  # the export counts down from 1, the highest


def _when(row: Row, line: int, handed: Handed, found: Collected) -> When | None:
    text, when = _date(row, ("DATE", "DUE_DATE"), handed, found)
    deadline_text, deadline = _date(row, ("DEADLINE",), handed, found)
    due = with_due(when, deadline)
    if text and when is None:
        found.undated(line, text, deadline)
    elif text and due is not None and due.recurring and due.due is None:
        found.without_day(line, text)
    if deadline_text and deadline is None:
        found.undated(line, deadline_text)
    return due


def _date(
    row: Row, columns: tuple[str, ...], handed: Handed, found: Collected
) -> tuple[str, When | None]:
    column = next((name for name in columns if row[name]), columns[0])
    text = one_line(row[column])
    if not text:
        return "", None
    language = language_of(row[f"{column}_LANG"])
    found.languages[language] = None
    return text, parse_when(text, handed.today, language)


READER = Reader(
    name="todoist_csv",
    title="Todoist's CSV export",
    recognises=recognises,
    read=read,
    example="TYPE,CONTENT,PRIORITY,INDENT,DATE,DATE_LANG\ntask,Call Bob,1,1,tomorrow,en\n",
)
