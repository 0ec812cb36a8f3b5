"""Handing in a file by script; people do it on the connect page."""

from datetime import datetime
from email.message import Message

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from oo.kit.errors import BadRequest, Conflict, Gone, Malformed, NotFound
from oo.web.auth import person
from oo.web.openapi import PERSONAL, Link, answers, links
from oo.web.rates import Cost
from oo.web.services import services

router = APIRouter(tags=["signals"])


class LineProblem(BaseModel):
    """A line that is not understood, or not all of it; `line` counts from 1."""

    line: int
    message: str


class Imported(BaseModel):
    """What it was read as, and what became of it: taken, known already, finished, not understood.

    `format` is a name for people, `languages` those of its dates (ISO 639-1); `tasks` counts the
    open ones in it. It can be undone until `undo_until`.
    """

    format: str
    encoding: str
    languages: list[str]
    tasks: int
    taken: int
    unchanged: int
    finished: int
    errors: list[LineProblem]
    undo_until: datetime


class Undone(BaseModel):
    """How many signals are again what they were before the import."""

    restored: int


_UPLOAD = {
    "required": True,
    "content": {
        kind: {"schema": {"type": "string", "format": "binary", "minLength": 1}}
        for kind in ("text/csv", "application/octet-stream")
    },
}


UNDO = "/api/sources/{source}/undo"


@router.post(
    "/api/sources/{source}/import",
    responses=answers(BadRequest, *PERSONAL, NotFound, Conflict, Malformed)
    | links(
        200,
        recommend=Link("post", "/recommend"),
        agents=Link("get", "/api/agents"),
        undo=Link("post", UNDO, {"source": "$request.path.source"}),
    ),
    openapi_extra={"requestBody": _UPLOAD},
)
async def import_file(
    request: Request, source: str, filename: str = Query("tasks.txt", max_length=300)
) -> Imported:
    """Take the raw body as an upload to the source; `file` takes lists of tasks.

    Send it as `text/csv` or `application/octet-stream`, with its `charset` if it is not UTF-8; the
    text and the ending of `filename` tell the format.
    """
    session = await person(request, Cost.HEAVY)
    parts = services(request)
    data = await request.body()
    charset = charset_of(request.headers.get("content-type", ""))
    result = await parts.integrations.import_file(session.user_id, filename, data, source, charset)
    parts.refill.behind(session.user_id)
    return Imported(
        format=result.form,
        encoding=result.encoding,
        languages=list(result.languages),
        tasks=result.tasks,
        taken=result.taken,
        unchanged=result.unchanged,
        finished=result.finished,
        errors=[LineProblem(line=e.line, message=e.message) for e in result.errors],
        undo_until=result.undo_until,
    )


@router.post(
    UNDO,
    responses=answers(*PERSONAL, NotFound, Conflict, Gone, Malformed),
)
async def undo_import(request: Request, source: str) -> Undone:
    """Undo the last import to the source: 410 when its time is over, 409 when more has happened."""
    session = await person(request, Cost.HEAVY)
    parts = services(request)
    restored = await parts.integrations.undo_import(session.user_id, source)
    parts.refill.behind(session.user_id)
    return Undone(restored=restored)


def charset_of(content_type: str) -> str | None:
    """The charset that a Content-Type names, if it names one."""
    header = Message()
    header["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    return header.get_content_charset()
