"""Lists with a task per line: bullets, numbers, boxes, and who stands under whom."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from oo.domain.markup import is_struck

TAB = 4
MAX_LINE = 2000  # characters of a line that are looked at; no title is as long
HEAD = 50_000  # characters in which a form shows itself
_BULLETS = "-*+•–—·∙◦‣⁃▪▫●○■◆►▶➤→⇒"
_DONE = frozenset("xX✓✔✅☑×✗✘vV☒")
_CANCELLED = frozenset("-–")
_MARKER = re.compile(rf"(?:[{re.escape(_BULLETS)}]|\d{{1,3}}[.)])(?=\s|$)\s*")
_NUMBER = re.compile(r"\d{1,3}[.)](?=\s|$)\s*")
_BOX = re.compile(
    r"(?:[-*+] ?)?\[\s*(?P<tick>[xX✓✔✅☑×✗✘vV☒~>/<!?*\-–]?)[\ufe0e\ufe0f]?\s*\](?![(\[])\s*"
)
_SIGN = re.compile(r"(?P<sign>[☐□⬜◻▢☑✅✔✓☒])[\ufe0e\ufe0f]?\s*")
_INDENT = re.compile(r"[ \t\u00a0\u3000]*")


class Line(NamedTuple):
    """A line without its dress: how far it is indented, what it says, and what stood before it."""

    indent: int
    text: str
    has_bullet: bool
    has_box: bool
    is_done: bool


def undress(line: str) -> Line:
    """The line without bullet, number and box; struck through as a whole, it is done."""
    blank = _INDENT.match(line)
    indent = sum(TAB if char == "\t" else 1 for char in (blank[0] if blank else ""))
    rest = line.strip()
    has_bullet = False
    if marker := _MARKER.match(rest):
        has_bullet, rest = True, rest[marker.end() :]
        if number := _NUMBER.match(rest):
            # "- 1. call": the number is no more part of the title than the bullet
            rest = rest[number.end() :] if rest[number.end() :] else rest
    tick, has_box = "", False
    if box := _BOX.match(rest):
        tick, has_box, rest = box["tick"], True, rest[box.end() :]
    elif sign := _SIGN.match(rest):
        is_ticked = sign["sign"] in _DONE
        tick, has_box, rest = "x" if is_ticked else "", True, rest[sign.end() :]
    is_done = tick in _DONE or tick in _CANCELLED if tick else False
    return Line(indent, rest, has_bullet, has_box, is_done or is_struck(rest))


@dataclass(slots=True)
class Outline:
    """The titles that a line stands under, by how far each is indented."""

    above: list[tuple[int, str]] = field(default_factory=list)

    def place(self, indent: int) -> tuple[str, ...]:
        """The titles above a line that is indented so far, the outermost first."""
        while self.above and self.above[-1][0] >= indent:
            self.above.pop()
        return tuple(title for _, title in self.above)

    def push(self, indent: int, title: str) -> None:
        """What follows and is indented further stands under this title."""
        self.place(indent)
        self.above.append((indent, title))

    def clear(self) -> None:
        """Begin anew, as behind a heading."""
        self.above.clear()


def numbered(text: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers; any Unicode line end is one."""
    return [
        (number, line[:MAX_LINE].rstrip() or line.strip()[:MAX_LINE])
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]


def share(hits: int, of: int) -> float:
    """`hits` of all, from 0 to 1."""
    return hits / of if of else 0.0
