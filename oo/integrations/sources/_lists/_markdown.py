"""What Markdown and its dialects share: headings, fences, tables, front matter, boxes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import HEAD, Line, Outline, numbered, undress
from oo.integrations.sources._lists._reader import Handed

HEADING = re.compile(r"\s{0,3}(?P<level>#{1,6})\s+(?P<name>.*)")
FENCE = re.compile(r"\s*(?:>\s*)*(```+|~~~+)")
RULE = re.compile(r"\s*(?:[-*_]\s*){3,}$")
TABLE = re.compile(r"\s*\|.*\|\s*$")
QUOTE = re.compile(r"\s*(?:>\s?)+")
COMMENT = re.compile(r"<!--.*?-->|%%.*?%%")
BOX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]*)?\[[ xX]?\]")

Enrich = Callable[[Item, int, Handed, Collected], Item]


def strength(text: str) -> int:
    """How many kinds of structure the text has that no plain list has."""
    lines = [line for _, line in numbered(text[:HEAD])]
    return sum(
        (
            lines[0].strip() == "---" if lines else False,
            any(FENCE.match(line) for line in lines),
            any(TABLE.match(line) for line in lines),
            any(RULE.match(line) for line in lines),
            any(QUOTE.match(line) for line in lines),
            "<!--" in text,
        )
    )


def has_boxes(text: str) -> bool:
    """Whether some line has a check box."""
    return any(BOX.match(line) for _, line in numbered(text[:HEAD]))


def read_markdown(handed: Handed, found: Collected, enrich: Enrich) -> None:
    """Boxes and points are tasks; other prose is named and not taken."""
    outline, headings = Outline(), Outline()
    project: str | None = None
    for number, line in _content(handed.text, found):
        if heading := HEADING.match(line):
            found.understood(number)
            outline.clear()
            project = heading_of(heading["name"])
            headings.push(len(heading["level"]), project or "")
            continue
        plain = undress(QUOTE.sub("", line) if QUOTE.match(line) else line)
        if not _is_task(plain):
            found.fail(number, "text that is no point and has no box; not taken")
            continue
        above = (*headings.place(9), *outline.place(plain.indent))
        item = enrich(
            Item(plain.text, above, project, is_done=plain.is_done), number, handed, found
        )
        outline.push(plain.indent, item.title)
        found.add(number, item)


def heading_of(text: str) -> str | None:
    """The words of a heading, whose marks may stand behind it too."""
    return text.strip().rstrip("#").strip() or None


def as_it_is(item: Item, line: int, handed: Handed, found: Collected) -> Item:
    """Nothing is understood within a title."""
    return item


def marked(item: Item, **changes: object) -> Item:
    """The item with what was understood within its title."""
    return replace(item, **changes)  # type: ignore[arg-type]


def _is_task(line: Line) -> bool:
    return line.has_box or line.has_bullet or line.is_done


def _content(text: str, found: Collected) -> Iterator[tuple[int, str]]:
    """The lines outside of front matter, fences, tables, rules and comments."""
    lines = numbered(text)
    fence, is_front, is_comment = "", False, False
    for place, (number, line) in enumerate(lines):
        stripped = line.strip()
        if place == 0 and number == 1 and stripped == "---" and _closes(lines):
            is_front = True
        elif is_front:
            is_front = stripped not in ("---", "...")
        elif is_comment:
            is_comment = "-->" not in line
        elif fence:
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = ""
        elif opens := FENCE.match(line):
            fence = opens[1]
        elif RULE.match(line) or TABLE.match(line):
            pass
        elif stripped.startswith("<!--") and "-->" not in line:
            is_comment = True
        else:
            kept = COMMENT.sub("", line)
            if kept.strip():
                yield number, kept
                continue
        found.understood(number)


def _closes(lines: list[tuple[int, str]]) -> bool:
    return any(line.strip() in ("---", "...") for _, line in lines[1:])
