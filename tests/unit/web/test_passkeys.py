"""Passkeys: made once, used again and again; no answer that was tampered with opens anything."""

import json
import logging
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from oo.identity.local import create_login_link
from oo.identity.passkey_answers import Cause
from oo.identity.passkeys import MAX_PASSKEYS
from oo.store.tables import passkey_challenges, passkeys, sessions
from tests.peers.authenticator import PRESENT, VERIFIED, Authenticator, encoded
from tests.unit.web.conftest import Site, csrf_of

SAME = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}


async def asked(browser: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    """The options that the page's script asks for."""
    answer = await browser.post(path, json={}, headers=SAME)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def add(
    browser: httpx2.AsyncClient, device: Authenticator, name: str = "Phone", **changed: Any
) -> httpx2.Response:
    """Make a passkey and hand it in."""
    made = device.make(await asked(browser, "/passkeys/options"), **changed)
    return await browser.post(
        "/passkeys/add", json={"credential": made, "name": name}, headers=SAME
    )


async def use(browser: httpx2.AsyncClient, credential: dict[str, Any]) -> httpx2.Response:
    """Hand in an answer on the sign-in page."""
    return await browser.post("/auth/passkey", json={"credential": credential}, headers=SAME)


@pytest.fixture
async def device(site: Site) -> Authenticator:
    """The passkey of the machine's own user, used once."""
    device = Authenticator(site.settings.base_url)
    assert (await add(await site.signed_in(), device)).status_code == 204
    browser = site.browser()
    answer = await use(browser, device.use(await asked(browser, "/auth/passkey/options")))
    assert answer.status_code == 204
    return device


async def test_a_passkey_signs_in_without_a_link(site: Site, device: Authenticator) -> None:
    browser = site.browser()
    options = await asked(browser, "/auth/passkey/options")
    assert options["userVerification"] == "required"
    assert options["rpId"] == "localhost"
    answer = await use(browser, device.use(options))
    assert answer.status_code == 204
    assert "httponly" in answer.headers["set-cookie"].lower()
    page = (await browser.get("/passkeys")).text
    assert 'value="Phone"' in page
    assert "last used 21 November, 09:00" in page


async def test_a_browser_is_asked_for_what_oo_needs(site: Site, device: Authenticator) -> None:
    options = await asked(await site.signed_in(), "/passkeys/options")
    assert options["rp"] == {"name": "oO", "id": "localhost"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert [it["id"] for it in options["excludeCredentials"]] == [encoded(device.credential_id)]


async def test_the_sign_in_page_offers_it_in_its_field(site: Site) -> None:
    page = (await site.browser().get("/sign-in?next=/connect")).text
    assert 'autocomplete="username webauthn"' in page
    assert 'data-next="/connect"' in page
    script = (await site.browser().get("/static/passkey.js")).text
    assert 'use("conditional")' in script


async def test_by_its_number_the_machine_leads_to_its_name(site: Site) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=site.app)) as browser:
        answer = await browser.get("http://127.0.0.1:8000/sign-in?next=/connect")
    assert answer.headers["location"] == "http://localhost:8000/sign-in?next=/connect"


async def test_it_is_named_and_removed_by_its_owner_alone(
    site: Site, device: Authenticator
) -> None:
    browser = await site.signed_in()
    async with site.db.read() as connection:
        (row,) = (await connection.execute(select(passkeys))).all()
    form = {"csrf": csrf_of(browser), "name": " My\t  phone "}
    refused = {**form, "name": "My\0phone"}
    answer = await browser.post(f"/passkeys/{row.id}/rename", data=refused, headers=SAME)
    assert answer.status_code == 400
    other = "0" * 32
    for passkey_id, status in ((other, 404), (row.id, 303)):
        for act in ("rename", "remove"):
            path = f"/passkeys/{passkey_id}/{act}"
            answer = await browser.post(path, data=form, headers=SAME)
            assert answer.status_code == status
            if act == "rename" and status == 303:
                assert 'value="My phone"' in (await browser.get("/passkeys?notice=named")).text
    stranger = site.browser()
    answer = await use(stranger, device.use(await asked(stranger, "/auth/passkey/options")))
    assert (answer.status_code, answer.json()["code"]) == (400, "passkey_refused")


async def test_adding_and_removing_need_a_fresh_sign_in(site: Site, device: Authenticator) -> None:
    browser = await site.signed_in()
    site.clock.advance(601)
    for path in ("/passkeys/options", "/passkeys/add", f"/passkeys/{'0' * 32}/remove"):
        answer = await browser.post(path, json={}, headers=SAME)
        assert answer.json()["code"] == "sign_in_again"
    # by the passkey itself it is one
    again = await use(browser, device.use(await asked(browser, "/auth/passkey/options")))
    assert again.status_code == 204
    await asked(browser, "/passkeys/options")


async def test_nobody_keeps_more_than_a_handful(site: Site) -> None:
    browser = await site.signed_in()
    for _ in range(MAX_PASSKEYS):
        assert (await add(browser, Authenticator(site.settings.base_url))).status_code == 204
    answer = await browser.post("/passkeys/options", json={}, headers=SAME)
    assert answer.status_code == 409


async def test_challenges_are_kept_as_hashes_and_forgotten(site: Site) -> None:
    browser = site.browser()
    options = await asked(browser, "/auth/passkey/options")
    site.clock.advance(301)
    await asked(browser, "/auth/passkey/options")
    async with site.db.read() as connection:
        rows = (await connection.execute(select(passkey_challenges))).all()
    assert len(rows) == 1
    assert options["challenge"] not in str(rows)


Tampered = Callable[[Authenticator, dict[str, Any]], dict[str, Any]]


def said(**changed: Any) -> Tampered:
    """An answer in which something was told otherwise."""
    return lambda device, options: device.use(options, **changed)


def bent(*path: str, to: Any) -> Tampered:
    """An answer with one part replaced after it was signed."""

    def tamper(device: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
        credential = device.use(options)
        part = credential
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = to
        return credential

    return tamper


def other_device(device: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    return Authenticator(device.origin, user_handle=device.user_handle).use(options)


def signed_for_more(device: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    """The flags of a signature without verification, set afterwards."""
    credential = device.use(options, flags=PRESENT)
    verified = device.use(options)
    credential["response"]["authenticatorData"] = verified["response"]["authenticatorData"]
    return credential


def as_made(device: Authenticator, options: dict[str, Any]) -> dict[str, Any]:
    return device.use(options, client={"type": "webauthn.create"})


TAMPERINGS: dict[str, tuple[Tampered, Cause]] = {
    "an answer of another kind": (as_made, Cause.WRONG_TYPE),
    "another challenge": (
        said(client={"challenge": encoded(b"x" * 32)}),
        Cause.UNKNOWN_CHALLENGE,
    ),
    "another origin": (said(client={"origin": "https://evil.example"}), Cause.WRONG_ORIGIN),
    "another port": (said(client={"origin": "http://localhost:8001"}), Cause.WRONG_ORIGIN),
    "inside a frame of another site": (said(client={"crossOrigin": True}), Cause.IN_A_FRAME),
    "another relying party": (said(site="evil.example"), Cause.WRONG_SITE),
    "nobody touched it": (said(flags=VERIFIED), Cause.NOT_PRESENT),
    "nobody was verified": (said(flags=PRESENT), Cause.NOT_VERIFIED),
    "verified afterwards": (signed_for_more, Cause.WRONG_SIGNATURE),
    "signed by another key": (
        said(key=ec.generate_private_key(ec.SECP256R1())),
        Cause.WRONG_SIGNATURE,
    ),
    "no signature": (said(signature=b""), Cause.WRONG_SIGNATURE),
    "a counter that went back": (said(count=1), Cause.COUNTER_WENT_BACK),
    "a counter that is gone": (said(count=0), Cause.COUNTER_WENT_BACK),
    "an unknown passkey": (other_device, Cause.UNKNOWN_PASSKEY),
    "another person": (said(user_handle=b"f" * 32), Cause.WRONG_PERSON),
    "no person": (said(user_handle=b""), Cause.WRONG_PERSON),
    "cut device data": (said(device_after=b"x" * 20), Cause.MALFORMED),
    "no device data": (bent("response", "authenticatorData", to=None), Cause.MALFORMED),
    "client data that is no JSON": (said(client_after=b"{"), Cause.MALFORMED),
    "two ids": (bent("id", to="AAAA"), Cause.MALFORMED),
    "another type of credential": (bent("type", to="password"), Cause.MALFORMED),
    "no response": (bent("response", to=[]), Cause.MALFORMED),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_a_tampered_answer_opens_nothing_and_its_cause_is_logged(
    site: Site, device: Authenticator, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    tamper, cause = TAMPERINGS[name]
    browser = site.browser()
    async with site.db.read() as connection:
        before = (await connection.execute(select(sessions))).all()
    credential = tamper(device, await asked(browser, "/auth/passkey/options"))
    with caplog.at_level(logging.WARNING):
        answer = await use(browser, credential)
    assert (answer.status_code, answer.json()["code"]) == (400, "passkey_refused")
    assert "set-cookie" not in answer.headers
    logged = [it.getMessage() for it in caplog.records if "passkey" in it.name]
    assert [line.split()[2] for line in logged] == [cause.value]
    async with site.db.read() as connection:
        assert (await connection.execute(select(sessions))).all() == before
    assert cause.value not in answer.text


async def test_an_answer_opens_once_and_soon(
    site: Site, device: Authenticator, caplog: pytest.LogCaptureFixture
) -> None:
    browser = site.browser()
    credential = device.use(await asked(browser, "/auth/passkey/options"))
    assert (await use(browser, credential)).status_code == 204
    assert (await use(site.browser(), credential)).status_code == 400
    late = device.use(await asked(browser, "/auth/passkey/options"))
    site.clock.advance(300)
    assert (await use(site.browser(), late)).status_code == 400
    assert caplog.text.count(Cause.UNKNOWN_CHALLENGE.value) == 2


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"client": {"type": "webauthn.get"}}, Cause.WRONG_TYPE),
        ({"client": {"origin": "https://evil.example"}}, Cause.WRONG_ORIGIN),
        ({"client": {"challenge": encoded(b"x" * 32)}}, Cause.UNKNOWN_CHALLENGE),
        ({"site": "evil.example"}, Cause.WRONG_SITE),
        ({"flags": PRESENT}, Cause.NOT_VERIFIED),
        ({"key": {1: 2, 3: -7}}, Cause.MALFORMED),
        ({"key": {1: 9}}, Cause.MALFORMED),
    ],
)
async def test_what_was_not_made_rightly_is_not_kept(
    site: Site, caplog: pytest.LogCaptureFixture, changed: dict[str, Any], cause: Cause
) -> None:
    browser = await site.signed_in()
    answer = await add(browser, Authenticator(site.settings.base_url), **changed)
    assert answer.json()["code"] == "passkey_refused"
    assert f"passkey refused: {cause.value}" in caplog.text
    async with site.db.read() as connection:
        assert (await connection.execute(select(passkeys))).all() == []


async def test_a_challenge_is_good_in_the_session_that_asked_for_it(site: Site) -> None:
    ours, theirs = await site.signed_in(), await site.signed_in()
    device = Authenticator(site.settings.base_url)
    made = device.make(await asked(ours, "/passkeys/options"))
    for browser in (theirs, ours):  # used up by the first, wherever it was
        answer = await browser.post("/passkeys/add", json={"credential": made}, headers=SAME)
        assert answer.json()["code"] == "passkey_refused"
    as_sign_in = device.make(await asked(ours, "/auth/passkey/options") | _person(device))
    answer = await ours.post("/passkeys/add", json={"credential": as_sign_in}, headers=SAME)
    assert answer.json()["code"] == "passkey_refused"


def _person(device: Authenticator) -> dict[str, Any]:
    return {"user": {"id": encoded(device.user_handle)}, "rp": {"id": "localhost"}}


async def test_the_same_passkey_is_kept_once(site: Site, device: Authenticator) -> None:
    answer = await add(await site.signed_in(), device)
    assert answer.json()["code"] == "passkey_refused"


async def test_without_a_counter_a_passkey_goes_on(site: Site) -> None:
    device = Authenticator(site.settings.base_url)
    assert (await add(await site.signed_in(), device)).status_code == 204
    for _ in range(3):
        browser = site.browser()
        options = await asked(browser, "/auth/passkey/options")
        assert (await use(browser, device.use(options, count=0))).status_code == 204


@pytest.mark.parametrize("path", ["/auth/passkey", "/auth/passkey/options"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"content-type": "text/plain"},
    ],
)
async def test_another_site_signs_nobody_in(site: Site, path: str, headers: dict[str, str]) -> None:
    content = json.dumps({"credential": {}})
    browser = site.browser(accept="application/json")
    answer = await browser.post(path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")


async def test_a_sign_in_by_passkey_ends_the_session_before(
    site: Site, device: Authenticator
) -> None:
    browser = site.browser()
    link = await create_login_link(site.db, site.settings, site.clock)
    before = (await browser.post(link, headers=SAME)).cookies["sid"]
    await use(browser, device.use(await asked(browser, "/auth/passkey/options")))
    old = site.browser(accept="application/json")
    old.cookies.set("sid", before)
    assert (await old.get("/passkeys")).status_code == 401
