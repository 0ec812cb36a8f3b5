"""TickTick's backup: CSV behind a few lines about itself, whatever the file is called."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oo.integrations.sources._dates import When
from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._reader import Handed, Reader
from oo.integrations.sources._lists._rows import Row, has_columns, table
from oo.integrations.sources._text import one_line

COLUMNS = ("LIST NAME", "TITLE", "STATUS")
_FINISHED = ("1", "2", "-1")  # completed, archived, will not do
_PRIORITIES = {"0": 1, "1": 2, "3": 3, "5": 4}


def recognises(filename: str, text: str) -> float:
    return 0.99 if has_columns(text, COLUMNS) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read a backup of all lists; lists are projects, and finished tasks are in it."""
    rows = table(handed.text, COLUMNS)
    found.understood(*rows.preamble)
    every = list(rows.rows)
    titles = {row["TASKID"]: row["TITLE"] for row in every if row["TASKID"]}
    for row in every:
        line = row.lines.start
        found.understood(*row.lines)
        if not any(row.cells.values()):
            continue
        if row["KIND"].upper() == "NOTE":
            found.fail(line, f"a note, no task: {one_line(row['TITLE'])[:40]!r}")
            continue
        when = _when(row, line, found)
        parent = titles.get(row["PARENTID"])
        place = (row["FOLDER NAME"], row["LIST NAME"], parent or "")
        priority = _PRIORITIES.get(row["PRIORITY"])
        if priority is None and row["PRIORITY"]:
            found.fail(line, f"the priority {one_line(row['PRIORITY'])[:20]!r} is not known")
        found.add(
            line,
            Item(
                row["TITLE"],
                tuple(name for name in place if name),
                row["LIST NAME"],
                is_done=row["STATUS"] in _FINISHED,
                priority=priority or 1,
                when=when,
                labels=tuple(tag.strip() for tag in row["TAGS"].split(",")),
            ),
        )
        if when is not None and when.recurring and when.due is None:
            found.without_day(line, row["REPEAT"])


def _when(row: Row, line: int, found: Collected) -> When | None:
    text = row["DUE DATE"] or row["START DATE"]
    is_recurring = bool(row["REPEAT"])
    if not text:
        return When(None, None, recurring=True) if is_recurring else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        found.undated(line, text)
        return None
    zone = _zone(row["TIMEZONE"])
    local = moment.astimezone(zone) if zone is not None and moment.tzinfo else moment
    # a whole day is written as the midnight at which it begins
    if row["IS ALL DAY"].lower() == "true" or local.time() == time(0):
        return When(local.date(), None, recurring=is_recurring)
    offset = moment.utcoffset() or timedelta(0)
    return When(moment.date(), moment.time(), is_recurring, offset=offset)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


READER = Reader(
    name="ticktick",
    title="TickTick's backup",
    recognises=recognises,
    read=read,
    example='"Date: 2026-11-25+0000"\n"Version: 7.1"\n'
    '"Folder Name","List Name","Title","Tags","Due Date","Priority","Status"\n'
    '"","Inbox","Call Bob","","","0","0"\n"","Inbox","Sent letter","","","0","2"\n',
)
