"""A list that the person hands in, in any form that there is a reader for."""

from dataclasses import replace
from datetime import date

import httpx2

from oo.domain.signals import (
    Connect,
    Example,
    Manifest,
    NoSettings,
    SignalSource,
    SourcePlugin,
    Upload,
    UploadForm,
)
from oo.integrations.sources._encodings import decode
from oo.integrations.sources._lists._collected import Collected
from oo.integrations.sources._lists._reader import Handed, reader_of
from oo.kit.clock import Clock
from oo.kit.errors import TooLarge

NAME = "file"
MAX_LINES = 5000


class FileSource:
    """Reads lists; keeps nothing."""

    def parse(self, filename: str, data: bytes, today: date) -> Upload:
        text, encoding = decode(data)
        if (
            text.count("\n") + text.count("\r") > 2 * MAX_LINES
            or len(text.splitlines()) > MAX_LINES
        ):
            raise TooLarge(f"The list has more than {MAX_LINES} lines.")
        reader = reader_of(filename, text)
        found = Collected(NAME)
        reader.read(Handed(filename, text, today), found)
        return replace(found.result(reader.title), encoding=encoding)


def _build(settings: NoSettings, http: httpx2.AsyncClient, clock: Clock) -> SignalSource:
    return SignalSource(uploads=FileSource())


SOURCE = SourcePlugin(
    Manifest(
        name=NAME,
        title="Your own list",
        description="An export of Todoist, TickTick or another app, or any text, one task a line.",
        kinds=("task",),
        connect=(Connect.UPLOAD,),
        form=UploadForm(
            (".csv", ".txt", ".md", ".markdown", ".org", ".taskpaper", ".ics"),
            paste="One task per line",
        ),
        keeps="The tasks of the list; the file itself is not kept.",
    ),
    NoSettings,
    _build,
    Example(upload=b"write\ncall Bob", refuses=(b"\xff\xff\xff", b"a\n" * 2 * MAX_LINES)),
)
