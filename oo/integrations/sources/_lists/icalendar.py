"""iCalendar to-dos (RFC 5545): Apple's reminders, Nextcloud, Thunderbird and others export them."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from oo.integrations.sources._dates import When
from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import MAX_LINE
from oo.integrations.sources._lists._reader import Handed, Reader
from oo.kit.errors import BadRequest

_BEGIN = re.compile(r"BEGIN:(VTODO|VEVENT|VJOURNAL)\s*$", re.IGNORECASE)
_FINISHED = ("COMPLETED", "CANCELLED")
_NAMES = ("VTODO", "VEVENT", "VJOURNAL")
_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_PROPERTY = re.compile(
    r"(?:BEGIN|END|VERSION|PRODID|SUMMARY|DUE|DTSTART|STATUS|COMPLETED|PERCENT-COMPLETE|PRIORITY"
    r"|CATEGORIES|RRULE|UID|RELATED-TO|CREATED|X-WR-CALNAME|TZID|TZOFFSETFROM|TZOFFSETTO)[:;]",
    re.IGNORECASE,
)
MAX_PARAMETERS = 200


def recognises(filename: str, text: str) -> float:
    return 0.99 if text.lstrip("\ufeff \t\r\n")[:15].upper() == "BEGIN:VCALENDAR" else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read to-dos; events and journals are named, since they are nothing to tick off."""
    from icalendar import Calendar  # slow to import

    lines = handed.text.splitlines()
    found.understood(*(number for number, line in enumerate(lines, start=1) if line.strip()))
    try:
        calendars = Calendar.from_ical(_needed(handed.text), multiple=True)
        parts = [part for one in calendars for part in one.walk() if part.name in _NAMES]
        name = next((str(one["X-WR-CALNAME"]) for one in calendars if "X-WR-CALNAME" in one), None)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else "it ends too early"
        raise BadRequest(f"This looks like iCalendar and cannot be read: {reason}.") from error
    begins = [number for number, line in enumerate(lines, start=1) if _BEGIN.match(line)]
    titles = {str(part.get("UID", "")): str(part.get("SUMMARY", "")) for part in parts}
    for line, part in zip(begins, parts, strict=False):
        if part.name != "VTODO":
            what = "an event of a calendar" if part.name == "VEVENT" else "a journal entry"
            found.fail(line, f"{what}, no task: {str(part.get('SUMMARY', ''))[:40]!r}")
            continue
        _todo(part, line, name, titles, found)


def _needed(text: str) -> str:
    """The properties that are read, unfolded; the parser is slow on long ones."""
    lines = _FOLD.sub("", text.lstrip("\ufeff \t\r\n")).splitlines()
    return "\r\n".join(line for line in lines if _PROPERTY.match(line[:40]) and _is_short(line))


def _is_short(line: str) -> bool:
    return len(line) <= MAX_LINE and len(line.partition(":")[0]) <= MAX_PARAMETERS


def _todo(
    part: Any, line: int, project: str | None, titles: dict[str, str], found: Collected
) -> None:
    above = titles.get(str(part.get("RELATED-TO", "")), "") if "RELATED-TO" in part else ""
    when = _when(part, line, found)
    item = Item(
        str(part.get("SUMMARY", "")),
        tuple(name for name in (project, above) if name),
        project,
        is_done=str(part.get("STATUS", "")).upper() in _FINISHED
        or "COMPLETED" in part
        or str(part.get("PERCENT-COMPLETE", "")) == "100",
        priority=_priority(str(part.get("PRIORITY", "0"))),
        when=when,
        labels=_categories(part),
        added_at=_instant(part, "CREATED"),
    )
    if found.add(line, item) and when is not None and when.recurring and when.due is None:
        found.without_day(line, "RRULE")


def _value(part: Any, name: str) -> Any:
    value = part.get(name)
    return getattr(value[0] if isinstance(value, list) else value, "dt", None)


def _when(part: Any, line: int, found: Collected) -> When | None:
    recurring = "RRULE" in part
    moment = _value(part, "DUE") or _value(part, "DTSTART")
    if moment is None:
        if "DUE" in part:
            found.undated(line, str(part.get("DUE")))
        return When(None, None, recurring=True) if recurring else None
    if isinstance(moment, datetime):
        offset: timedelta | None = moment.utcoffset()
        return When(moment.date(), moment.time(), recurring, offset=offset)
    return When(moment, None, recurring) if isinstance(moment, date) else None


def _instant(part: Any, name: str) -> datetime | None:
    moment = _value(part, name)
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None


def _priority(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 3 else 0
    if number == 0:
        return 1
    return 4 if number < 5 else 3 if number == 5 else 2


def _categories(part: Any) -> tuple[str, ...]:
    found = part.get("CATEGORIES")
    lists = found if isinstance(found, list) else [found] if found is not None else []
    return tuple(str(name) for one in lists for name in getattr(one, "cats", ()))


READER = Reader(
    name="icalendar",
    title="iCalendar",
    recognises=recognises,
    read=read,
    example="BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:1\nSUMMARY:Call Bob\n"
    "DUE;VALUE=DATE:20261127\nEND:VTODO\nBEGIN:VTODO\nUID:2\nSUMMARY:Sent letter\n"
    "STATUS:COMPLETED\nEND:VTODO\nEND:VCALENDAR\n",
)
