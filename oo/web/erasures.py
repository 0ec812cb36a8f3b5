"""Deleting the account, for programs: begun by its person, followed by the receipt's id."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from oo.kit.errors import Malformed, NotFound
from oo.store.erasures import Receipt
from oo.web.auth import fresh_person
from oo.web.openapi import PERSONAL, Link, answers, links
from oo.web.pages.erasure import begin_erasure, find_receipt
from oo.web.rates import Cost

router = APIRouter(tags=["me"])

RECEIPT = "/api/erasures/{receipt_id}"


class Erasure(BaseModel):
    """The receipt; `counts` are rows erased so far by table. All is gone once it has finished."""

    id: str
    asked_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]

    @classmethod
    def of(cls, receipt: Receipt) -> "Erasure":
        return cls(
            id=receipt.id,
            asked_at=receipt.asked_at,
            finished_at=receipt.finished_at,
            counts=receipt.counts,
        )


@router.delete(
    "/api/me",
    status_code=202,
    responses=answers(*PERSONAL, NotFound)
    | links(202, receipt=Link("get", RECEIPT, {"receipt_id": "$response.body#/id"})),
)
async def delete_me(request: Request) -> Erasure:
    """Take all access from the person and begin to erase them; needs a fresh sign-in."""
    session = await fresh_person(request, Cost.HEAVY)
    return Erasure.of(await begin_erasure(request, session.user_id))


@router.get(RECEIPT, responses=answers(NotFound, Malformed))
async def erasure(request: Request, receipt_id: str) -> Erasure:
    """How far an erasure is, for whoever has its receipt: there is no session any more."""
    return Erasure.of(await find_receipt(request, receipt_id))
