"""A list that the person hands in: Todoist's CSV export, or plain text with a task per line."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx2

from oo.domain.signals import (
    Connect,
    Example,
    LineError,
    Manifest,
    NoSettings,
    SignalSource,
    SourcePlugin,
    Upload,
    UploadForm,
)
from oo.domain.tasks import Task
from oo.integrations.sources._dates import parse_when
from oo.integrations.sources._text import MAX_PROJECT, MAX_TITLE, one_line
from oo.kit.clock import Clock
from oo.kit.errors import BadRequest, TooLarge

NAME = "file"
MAX_LINES = 5000
MAX_LABELS = 20
_ITEM = re.compile(
    r"^\s*(?:(?:[-*+•–—]|\d{1,4}[.)])\s+)?(?:\[(?P<tick>[ xX✓]?)\]\s+)?(?P<title>.*)$"
)
_HEADING = re.compile(r"^\s*#{1,6}\s+(?P<name>.*)$")
_LABEL = re.compile(r"\s@(\S+)$")


@dataclass(slots=True)
class _Collected:
    """What was read so far; gives each task an id that the next version of the file repeats."""

    tasks: list[Task] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def external_id(self, title: str) -> str:
        # a title that is used twice is two tasks, told apart by their order
        name = title.casefold()
        self.seen[name] += 1
        return hashlib.sha256(f"{name}\0{self.seen[name]}".encode()).hexdigest()[:24]

    def fail(self, line: int, message: str) -> None:
        self.errors.append(LineError(line, message))

    def result(self) -> Upload:
        if not self.tasks and not self.done:
            first = f" Line {self.errors[0].line}: {self.errors[0].message}" if self.errors else ""
            raise BadRequest(f"There is no task in this list.{first}")
        return Upload(tuple(self.tasks), tuple(self.done), tuple(self.errors))


class FileSource:
    """Reads lists; keeps nothing."""

    def parse(self, filename: str, data: bytes, today: date) -> Upload:
        text = _decode(data)
        if (
            text.count("\n") + text.count("\r") > 2 * MAX_LINES
            or len(text.splitlines()) > MAX_LINES
        ):
            raise TooLarge(f"The list has more than {MAX_LINES} lines.")
        delimiter = _delimiter(text)
        if delimiter:
            return _parse_csv(text, delimiter, filename, today)
        if filename.lower().endswith(".csv"):
            raise BadRequest("The CSV needs the columns TYPE and CONTENT, as Todoist exports them.")
        return _parse_text(text)


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadRequest("The list is not UTF-8 text. Save it as UTF-8 and try again.") from error
    if "\0" in text:
        raise BadRequest("This is not a text file.")
    return text


def _checked_title(text: str, line: int, found: _Collected) -> str | None:
    title = one_line(text)
    if not title:
        found.fail(line, "the task has no text")
        return None
    if len(title) > MAX_TITLE:
        found.fail(line, f"the task is longer than {MAX_TITLE} characters")
        return None
    return title


def _parse_text(text: str) -> Upload:
    found = _Collected()
    project: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if heading := _HEADING.match(line):
            project = one_line(heading["name"])[:MAX_PROJECT] or None
            continue
        item = _ITEM.match(line)
        title = _checked_title(item["title"] if item else line, number, found)
        if title is None:
            continue
        external_id = found.external_id(title)
        task_id = f"{NAME}:{external_id}"
        if item and (item["tick"] or "").strip():
            found.done.append(task_id)
        else:
            found.tasks.append(Task(task_id, NAME, external_id, title, project=project))
    return found.result()


def _delimiter(text: str) -> str | None:
    """The delimiter of Todoist's CSV (a spreadsheet may have changed it), None for other text."""
    header = text.lstrip("\r\n").split("\n", 1)[0].strip().upper().replace('"', "")
    for delimiter in (",", ";", "\t"):
        columns = header.split(delimiter)
        if "TYPE" in columns and "CONTENT" in columns:
            return delimiter
    return None


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter)
    header = [name.strip().upper() for name in next(reader)]
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadRequest(f"Line {line} is not CSV: {error}.") from error
        yield line, dict(zip(header, cells, strict=False))


def _parse_csv(text: str, delimiter: str, filename: str, today: date) -> Upload:
    found = _Collected()
    project = one_line(re.sub(r"(\s*\[\d+\])?\.csv$", "", filename, flags=re.IGNORECASE))[
        :MAX_PROJECT
    ]
    for line, row in _rows(text, delimiter):
        kind = row.get("TYPE", "").strip().lower()
        if kind == "task":
            _csv_task(row, line, project or None, today, found)
        elif kind not in ("", "section", "note", "meta"):
            found.fail(line, f"unknown TYPE {kind[:20]!r}")
    return found.result()


def _csv_task(
    row: dict[str, str], line: int, project: str | None, today: date, found: _Collected
) -> None:
    content, labels = _split_labels(one_line(row.get("CONTENT", "")))
    title = _checked_title(content, line, found)
    if title is None:
        return
    priority = row.get("PRIORITY", "").strip() or "4"
    if priority not in ("1", "2", "3", "4"):
        found.fail(line, f"PRIORITY {priority[:20]!r} is not 1, 2, 3 or 4; taken as 4")
        priority = "4"
    text = one_line(row.get("DATE", "")) or one_line(row.get("DEADLINE", ""))
    when = parse_when(text, today) if text else None
    if text and when is None:
        found.fail(line, f"the date {text[:40]!r} is not understood; taken without a date")
    external_id = found.external_id(title)
    found.tasks.append(
        Task(
            id=f"{NAME}:{external_id}",
            source=NAME,
            external_id=external_id,
            title=title,
            priority=5 - int(priority),  # the export counts down from 1, the highest
            due=when.day if when else None,
            due_at=_instant(when.day, when.at, row.get("TIMEZONE", "")) if when else None,
            labels=labels,
            project=project,
            recurring=when.recurring if when else False,
        )
    )


def _split_labels(content: str) -> tuple[str, tuple[str, ...]]:
    labels: list[str] = []
    while len(labels) < MAX_LABELS and (found := _LABEL.search(content)):
        labels.insert(0, found[1][:100])
        content = content[: found.start()]
    return content, tuple(labels)


def _instant(day: date | None, at: time | None, zone: str) -> datetime | None:
    if day is None or at is None or not zone.strip():
        return None
    try:
        local = datetime.combine(day, at, ZoneInfo(zone.strip()))
        return local.astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return None


def _build(settings: NoSettings, http: httpx2.AsyncClient, clock: Clock) -> SignalSource:
    return SignalSource(uploads=FileSource())


SOURCE = SourcePlugin(
    Manifest(
        name=NAME,
        title="Your own list",
        description="A Todoist CSV export, or any text with one task per line.",
        kinds=("task",),
        connect=(Connect.UPLOAD,),
        form=UploadForm((".csv", ".txt", ".md"), paste="One task per line"),
        keeps="The tasks of the list; the file itself is not kept.",
    ),
    NoSettings,
    _build,
    Example(upload=b"write\ncall Bob", refuses=(b"\xff\xff\xff", b"a\n" * 2 * MAX_LINES)),
)
