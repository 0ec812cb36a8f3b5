"""The documents that a person agrees to by using oO: one file each in `docs/legal`.

A file begins with its title and its version, a number that grows whenever what it promises or
asks for changes; whoever agreed to an earlier one is asked again.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "legal"
FENCE = "---\n"


class Document(NamedTuple):
    """A document; `name` is the end of its address and the purpose that agreeing to it is.

    `text` is Markdown without the head.
    """

    name: str
    title: str
    version: int
    text: str


@cache
def documents() -> Mapping[str, Document]:
    """All documents by name; raises ValueError for one whose head cannot be read."""
    found = {path.stem: parse(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.md"))}
    return MappingProxyType(found)


def parse(name: str, content: str) -> Document:
    """A document from its file; raises ValueError when title or version is missing."""
    empty, _, rest = content.partition(FENCE)
    head, _, text = rest.partition(FENCE)
    told = yaml.safe_load(head) if not empty else None
    match told:
        case {"title": str(title), "version": int(version)} if version > 0:
            return Document(name, title, version, text.strip())
    raise ValueError(f"{name}.md must begin with its title and its version")
