"""What a plain list and notes share: each line is a task, under headings and by indentation."""

import re

from oo.integrations.sources._lists._collected import Collected, Item
from oo.integrations.sources._lists._lines import Outline, numbered, undress
from oo.integrations.sources._lists._markdown import HEADING, RULE, heading_of
from oo.integrations.sources._lists._reader import Handed

_PICTURE = re.compile(r"[\s\ufffc]*\ufffc[\s\ufffc]*$")


def read_plain(handed: Handed, found: Collected) -> None:
    """Each line is a task, headings are projects, what is indented stands under what is above."""
    outline, headings = Outline(), Outline()
    project: str | None = None
    for number, line in numbered(handed.text):
        if heading := HEADING.match(line):
            found.understood(number)
            outline.clear()
            project = heading_of(heading["name"])
            headings.push(len(heading["level"]), project or "")
            continue
        if _PICTURE.match(line) or (RULE.match(line) and len(line.strip()) > 2):
            found.understood(number)
            continue
        plain = undress(line)
        place = (*headings.place(9), *outline.place(plain.indent))
        outline.push(plain.indent, plain.text)
        found.add(number, Item(plain.text, place, project, is_done=plain.is_done))
