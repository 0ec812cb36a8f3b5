"""Handing in a list of tasks by script; people do it on the connect page."""

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from oo.web.auth import person
from oo.web.services import services

router = APIRouter(tags=["signals"])


class LineProblem(BaseModel):
    """A line that holds no task that can be read; `line` counts from 1."""

    line: int
    message: str


class Imported(BaseModel):
    """What became of the list: tasks taken, those known already, those ticked off."""

    taken: int
    unchanged: int
    finished: int
    errors: list[LineProblem]


@router.post("/api/sources/{source}/import")
async def import_tasks(
    request: Request, source: str, filename: str = Query("tasks.txt", max_length=300)
) -> Imported:
    """Take the tasks of the raw body: Todoist's CSV export or one task per line.

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
