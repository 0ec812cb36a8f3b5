"""Markdown with check boxes, or with structure that tells it from a plain list."""

from oo.integrations.sources._lists._collected import Collected
from oo.integrations.sources._lists._markdown import as_it_is, has_boxes, read_markdown, strength
from oo.integrations.sources._lists._reader import Handed, Reader

ENDINGS = (".md", ".markdown")


def recognises(filename: str, text: str) -> float:
    structure, boxes = strength(text), has_boxes(text)
    if boxes and (filename.endswith(ENDINGS) or structure >= 2):
        return 0.7
    return 0.6 if structure >= 2 or (structure and filename.endswith(ENDINGS)) else 0.0


def read(handed: Handed, found: Collected) -> None:
    """Read boxes and points under their headings; a heading is a project."""
    read_markdown(handed, found, as_it_is)


READER = Reader(
    name="markdown",
    title="Markdown",
    recognises=recognises,
    read=read,
    example="# Home\n\n---\n\n- [ ] Call Bob\n- [x] Sent letter\n\n```\n- [ ] code\n```\n",
)
