"""The page of devices, behind the connect page: where tips find the person, and how."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from oo.domain.consents import NOTIFICATIONS, OFFLINE_COPY, purposes
from oo.push.channel import Configured
from oo.push.devices import MAX_DEVICES, TooManyDevices
from oo.store import consenting, consents
from oo.store.consents import Said
from oo.store.devices import DeviceListing
from oo.web.auth import person
from oo.web.devices import here
from oo.web.forms import checked_form, form_token
from oo.web.page import Page, page_routes
from oo.web.rates import Cost
from oo.web.rendering import page
from oo.web.services import Services, services

router = page_routes()
HOW = "page of devices"
MAIL = "email"
NOTICES = {
    "ended": "Nothing is sent there any more.",
    "tested": "Sent. It is there in a moment.",
    "mail": "One tip a day comes by e-mail.",
    "kept": "Your browser may keep the last tip.",
    "not-kept": "Your browser keeps no tip.",
    "full": "You have ten devices already. End one of them first.",
}


@router.get("/connect/devices")
async def devices_page(request: Request) -> Response:
    """The person's devices and what they may be sent."""
    session = await person(request)
    parts = services(request)
    listed = await parts.push.devices.list_for(session.user_id)
    async with parts.db.read() as connection:
        allowed = await consents.allowing(connection, [session.user_id], NOTIFICATIONS)
        offline = await consents.is_given(connection, session.user_id, OFFLINE_COPY)
    zone = ZoneInfo(session.timezone)
    return page(
        "devices.html",
        csrf=form_token(request),
        person=session.user_id,
        email=session.email,
        devices=[_shown(it, parts.push.devices.channels, zone) for it in listed],
        mails=any(it.channel == MAIL for it in listed),
        can_mail=MAIL in parts.push.devices.channels and bool(session.email),
        can_push="web_push" in parts.push.devices.channels,
        most=MAX_DEVICES,
        allowed=bool(allowed),
        offline_copy=offline,
        notice=NOTICES.get(request.query_params.get("notice", "")),
    )


@router.post("/connect/devices/{device_id}/end")
async def end_device(request: Request, device_id: str) -> Response:
    """End one of the person's devices."""
    session = await person(request)
    await checked_form(request)
    await services(request).push.devices.end(session.user_id, device_id)
    return _notice("ended")


@router.post("/connect/devices/{device_id}/test")
async def test_device(request: Request, device_id: str) -> Response:
    """Send one device something that is no tip."""
    session = await person(request, Cost.HEAVY)
    await checked_form(request)
    await services(request).push.deliveries.test(session.user_id, device_id)
    return _notice("tested")


@router.post("/connect/devices/mail")
async def take_mail(request: Request) -> Response:
    """One tip a day to the person's own address, which their provider has told."""
    session = await person(request, Cost.HEAVY)
    await checked_form(request)
    parts = services(request)
    try:
        await parts.push.devices.register(
            session.user_id, MAIL, {"mail": session.email}, here(request), HOW
        )
    except TooManyDevices:
        return _notice("full")
    return _notice("mail")


@router.post("/connect/devices/offline-copy")
async def keep_copy(request: Request) -> Response:
    """Whether the person's browsers may keep the last tip."""
    session = await person(request)
    form = await checked_form(request)
    parts: Services = services(request)
    given = form.get("on") == "1"
    said = Said(OFFLINE_COPY, purposes()[OFFLINE_COPY].version, given, parts.clock.now(), HOW)
    async with parts.db.write() as connection:
        await consenting.change(connection, session.user_id, said)
    return _notice("kept" if given else "not-kept")


def _shown(
    device: DeviceListing, channels: Mapping[str, Configured], zone: ZoneInfo
) -> dict[str, object]:
    by = channels.get(device.channel)
    return {
        "id": device.id,
        "name": device.name if by is None or by.channel.of_session else by.channel.title,
        "seen": f"{device.seen_at.astimezone(zone):%-d %B, %H:%M}",
        "since": f"{device.created_at.astimezone(zone):%-d %B}",
        "is_on": by is not None,
    }


def _notice(code: str) -> Response:
    return RedirectResponse(f"/connect/devices?notice={code}", 303)


PAGE = Page("devices", router)
