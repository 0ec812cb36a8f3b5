"""What sign-in providers tell of their accounts, server to server: signed, or it is refused."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from oo.web.api import parse
from oo.web.services import services

router = APIRouter(include_in_schema=False)


class Notification(BaseModel):
    """A token that the provider signed."""

    payload: str


@router.post("/auth/{provider}/notifications", status_code=204)
async def take_notification(request: Request, provider: str) -> Response:
    """Act on a provider's news of an account; raises BadRequest for what it did not sign."""
    parts = services(request)
    sent = await parse(request, Notification)
    issuer, notice = await parts.identity.openid.notice(provider, sent.payload)
    if notice is not None:
        await parts.identity.identities.heed(issuer, notice)
    return Response(status_code=204)
