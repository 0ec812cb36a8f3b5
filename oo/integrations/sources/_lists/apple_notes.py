"""A note of Apple Notes or another notes app: circles and boxes, and marks where pictures were."""

import re

from oo.integrations.sources._lists._lines import HEAD
from oo.integrations.sources._lists._plain import read_plain
from oo.integrations.sources._lists._reader import Reader

_SIGN = re.compile(r"^[ \t]*(?:[◦☐☑☒⬜]|•\t|\ufffc)", re.MULTILINE)


def recognises(filename: str, text: str) -> float:
    return 0.3 if len(_SIGN.findall(text[:HEAD])) >= 2 else 0.0


READER = Reader(
    name="apple_notes",
    title="a note with boxes",
    recognises=recognises,
    read=read_plain,
    example="◦ Call Bob\n☑ Sent letter\n",
)
