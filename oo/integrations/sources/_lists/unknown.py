"""Forms that oO knows by sight and does not read: they are named, so that nobody has to guess."""

import json
import re

from oo.integrations.sources._lists._collected import Collected
from oo.integrations.sources._lists._reader import Handed, Reader
from oo.integrations.sources._lists._rows import has_columns
from oo.kit.errors import BadRequest

READ_INSTEAD = (
    "oO reads exports of Todoist and TickTick, todo.txt, Markdown, Org, TaskPaper, iCalendar,"
    " and any text with one task a line."
)
_NAMED = (
    ("HTML", re.compile(r"(?i)<!doctype html|<html|<netscape-bookmark|<body|<ul>|<div")),
    ("OPML", re.compile(r"(?i)(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<opml")),
    ("XML", re.compile(r"<\?xml")),
    ("RTF", re.compile(r"\{\\rtf")),
    ("PDF", re.compile(r"%PDF-")),
    ("a vCard", re.compile(r"(?i)BEGIN:VCARD")),
    ("an e-mail", re.compile(r"(?:Return-Path|Received|Delivered-To|MIME-Version): ")),
)


def recognises(filename: str, text: str) -> float:
    return 0.97 if _name(filename, text) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Raises BadRequest that names the form."""
    name = _name(handed.filename.lower(), handed.text)
    if name and name.startswith("CSV"):
        raise BadRequest("The CSV needs the columns TYPE and CONTENT, as Todoist exports them.")
    raise BadRequest(f"This looks like {name or 'another form'}, which is not read. {READ_INSTEAD}")


def _name(filename: str, text: str) -> str | None:
    begin = text[:4000].lstrip("\ufeff \t\r\n")
    for name, sign in _NAMED:
        if sign.match(begin):
            return name
    if begin[:1] in ("{", "[") and _is_json(text):
        return "JSON"
    if filename.endswith((".csv", ".tsv")) or _is_table(text):
        return None if has_columns(text, ("TYPE", "CONTENT")) else "CSV of another kind"
    return None


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_table(text: str) -> bool:
    """Whether every line has the same three or more cells, as no list of tasks has."""
    lines = [line for line in text[:4000].splitlines() if line.strip()][:-1]
    counts = {(line.count(","), line.count(";"), line.count("\t")) for line in lines}
    return len(lines) >= 3 and len(counts) == 1 and max(next(iter(counts))) >= 3


READER = Reader(
    name="unknown",
    title="a form that is not read",
    recognises=recognises,
    read=read,
    example="",
)
