"""What a device tells oO: that it is there, at which address, and what became of a delivery."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from oo.domain.deliveries import Outcome
from oo.identity.sessions import hash_token
from oo.kit.errors import BadRequest, Conflict, Gone, Malformed, NotFound
from oo.push.devices import Here
from oo.web.api import body_of, parse
from oo.web.auth import person
from oo.web.entering import user_agent
from oo.web.forms import session_cookie
from oo.web.openapi import PERSONAL, answers
from oo.web.rates import Cost
from oo.web.services import services
from oo.web.user_agent import describe_agent

router = APIRouter(tags=["devices"], responses=answers(*PERSONAL, NotFound, Malformed))

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
HOW = "notify me"


class DeviceKey(BaseModel):
    """What a browser subscribes under (`applicationServerKey`), in base64url, and its id."""

    key_id: str
    public_key: str


class DeviceAt(BaseModel):
    """Where a device is reached: what its channel needs is in `docs/push.md`."""

    model_config = ConfigDict(extra="forbid")

    channel: Annotated[str, Field(min_length=1, max_length=32)]
    address: dict[str, Any]


class Device(BaseModel):
    """A device, and the key that browsers subscribe under now: one of another key is to renew."""

    id: str
    key: DeviceKey


class Told(BaseModel):
    """The device that speaks."""

    model_config = ConfigDict(extra="forbid")

    device: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


@router.get("/api/devices/key")
async def key(request: Request) -> DeviceKey:
    """The key that browsers subscribe under now."""
    await person(request)
    return await _key(request)


@router.post(
    "/api/devices",
    responses=answers(BadRequest, Conflict),
    openapi_extra=body_of(DeviceAt),
)
async def register(request: Request) -> Device:
    """The person wants their tips on this device, and has just said so."""
    parts, session = services(request), await person(request, Cost.HEAVY)
    body = await parse(request, DeviceAt)
    device_id = await parts.push.devices.register(
        session.user_id, body.channel, body.address, here(request), HOW
    )
    return Device(id=device_id, key=await _key(request))


@router.put(
    "/api/devices/{device_id}",
    responses=answers(BadRequest, Gone),
    openapi_extra=body_of(DeviceAt),
)
async def renew(request: Request, device_id: Id) -> Device:
    """The device is there, at this address now; 410 when it was ended and is to sign off."""
    parts, session = services(request), await person(request)
    body = await parse(request, DeviceAt)
    await parts.push.devices.renew(
        session.user_id, device_id, body.channel, body.address, here(request)
    )
    return Device(id=device_id, key=await _key(request))


@router.delete("/api/devices/{device_id}", status_code=204, response_class=Response)
async def end(request: Request, device_id: Id) -> None:
    """Nothing is sent to the device any more."""
    session = await person(request)
    await services(request).push.devices.end(session.user_id, device_id)


@router.post(
    "/api/deliveries/{delivery_id}/{outcome}",
    status_code=204,
    response_class=Response,
    openapi_extra=body_of(Told),
)
async def note(request: Request, delivery_id: Id, outcome: Literal["shown", "opened"]) -> None:
    """A device says that it has shown a delivery, or that its person opened it."""
    session = await person(request)
    body = await parse(request, Told)
    await services(request).push.devices.note(
        session.user_id, delivery_id, body.device, Outcome(outcome)
    )


def here(request: Request) -> Here:
    """The device behind the request."""
    cookie = session_cookie(request)
    return Here(hash_token(cookie) if cookie else None, describe_agent(user_agent(request)))


async def _key(request: Request) -> DeviceKey:
    found = await services(request).push.keys.current()
    return DeviceKey(key_id=found.id, public_key=found.public_key)
