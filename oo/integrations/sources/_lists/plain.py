"""Plain text: one task a line, in any of the dresses that people give them."""

from oo.integrations.sources._lists._plain import read_plain
from oo.integrations.sources._lists._reader import Reader


def recognises(filename: str, text: str) -> float:
    return 0.01


READER = Reader(
    name="plain",
    title="plain text",
    recognises=recognises,
    read=read_plain,
    example="# Errands\n- Call Bob\n- [x] Sent letter\n",
)
