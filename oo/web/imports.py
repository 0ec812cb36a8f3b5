"""Handing in a file by script; people do it on the connect page."""

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from oo.kit.errors import BadRequest, Conflict, Malformed, NotFound
from oo.web.auth import person
from oo.web.openapi import PERSONAL, answers
from oo.web.services import services

router = APIRouter(tags=["signals"])


class LineProblem(BaseModel):
    """A line that cannot be read; `line` counts from 1."""

    line: int
    message: str


class Imported(BaseModel):
    """What became of it: signals taken, those known already, tasks ticked off."""

    taken: int
    unchanged: int
    finished: int
    errors: list[LineProblem]


@router.post(
    "/api/sources/{source}/import",
    responses=answers(BadRequest, *PERSONAL, NotFound, Conflict, Malformed),
)
async def import_file(
    request: Request, source: str, filename: str = Query("tasks.txt", max_length=300)
) -> Imported:
    """Take the raw body as an upload to the source; `file` takes lists of tasks.

    Send it as `text/csv` or `application/octet-stream`; the ending of `filename` tells the format.
    """
    session = await person(request)
    parts = services(request)
    data = await request.body()
    result = await parts.integrations.import_file(session.user_id, filename, data, source)
    parts.refill.behind(session.user_id)
    return Imported(
        taken=result.taken,
        unchanged=result.unchanged,
        finished=result.finished,
        errors=[LineProblem(line=e.line, message=e.message) for e in result.errors],
    )
