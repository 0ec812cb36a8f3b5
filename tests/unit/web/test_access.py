"""Roles and the tokens of machines: given for a reason, checked in one place, all written down."""

import logging
from secrets import token_hex

import httpx2
import pytest
from pydantic import ValidationError

from oo.domain.roles import Role
from oo.identity.openid import SignedIn
from oo.identity.people import Profile, ensure_user
from oo.identity.roles import LastAdmin, Roles
from oo.identity.sessions import start_session
from oo.kit.errors import BadRequest, Conflict, NotFound
from oo.kit.settings import Settings
from oo.store import audit, users
from tests.unit.web.conftest import NOW, Site

ADMIN_TOKEN = "a-secret-of-thirty-two-characters"
SAME = {"sec-fetch-site": "same-origin", "accept": "application/json"}
SEEDED = Settings(admin_seed_email="Ada@Example.org")
ADA = Profile("google", "1", "ada@example.org", "Ada", email_verified=True)


def signed_in(profile: Profile) -> SignedIn:
    """The answer of a provider, of an attempt of its own."""
    return SignedIn(
        profile,
        "/",
        attempt=token_hex(8),
        link_to="",
        name="google",
        title="Google",
        authenticated_at=NOW,
    )


async def enter(site: Site, profile: Profile) -> str:
    """Somebody signs in at a provider; returns their cookie."""
    return await site.app.state.services.identity.enter(signed_in(profile), "")  # type: ignore[no-any-return]


async def role_of(site: Site, profile: Profile) -> str:
    async with site.db.write() as connection:
        user_id = await ensure_user(connection, profile, site.clock)
        cookie = await start_session(connection, user_id, site.clock, 1)
    found: str = (await site.app.state.services.accounts.of(cookie)).role
    return found


async def as_role(site: Site, role: Role, subject: str = "") -> httpx2.AsyncClient:
    """A browser of somebody with this role."""
    profile = Profile("google", subject or role.value, f"{role.value}@example.org", "Someone")
    async with site.db.write() as connection:
        user_id = await ensure_user(connection, profile, site.clock)
        await users.set_role(connection, user_id, role)
        cookie = await start_session(connection, user_id, site.clock, 30)
    browser = site.browser(**SAME)
    browser.cookies.set("sid", cookie)
    return browser


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def entries(site: Site, action: str) -> list[audit.Entry]:
    async with site.db.read() as connection:
        return [link.entry for link in await audit.newest(connection, 50, action)]


@pytest.fixture
def seeded(site: Site) -> Site:
    site.app.state.services.identity._settings = SEEDED
    return site


@pytest.fixture
def machine(site: Site) -> httpx2.AsyncClient:
    """A program, where the operator has set an admin token."""
    site.app.state.services.identity.machines._admin_token = ADMIN_TOKEN
    return site.browser(accept="application/json")


async def test_the_first_admin_is_who_the_provider_has_verified(seeded: Site) -> None:
    await enter(seeded, ADA)
    assert await role_of(seeded, ADA) == Role.ADMIN
    (entry,) = await entries(seeded, "role.set")
    assert (entry.before, entry.after) == ({"role": "person"}, {"role": "admin"})
    # the setting has done its work
    second = ADA._replace(subject="2")
    await enter(seeded, second)
    assert await role_of(seeded, second) == Role.PERSON


@pytest.mark.parametrize(
    "profile",
    [
        ADA._replace(email_verified=False),
        ADA._replace(email="ada@example.com"),
        ADA._replace(email=""),
    ],
)
async def test_nobody_else_is(seeded: Site, profile: Profile) -> None:
    await enter(seeded, profile)
    assert await role_of(seeded, profile) == Role.PERSON


async def test_without_the_setting_nobody_is(site: Site) -> None:
    for profile in (ADA, ADA._replace(subject="2", email="")):
        await enter(site, profile)
        assert await role_of(site, profile) == Role.PERSON


async def test_another_role_ends_the_sessions_that_had_the_old_one(site: Site) -> None:
    admin = await as_role(site, Role.ADMIN)
    viewer = await as_role(site, Role.VIEWER)
    assert (await viewer.get("/api/auth/tokens")).status_code == 200
    me = (await site.app.state.services.accounts.of(viewer.cookies["sid"])).user_id
    change = {"role": "person", "reason": "left"}
    answer = await admin.put(f"/api/people/{me}/role", json=change)
    assert answer.status_code == 204
    assert (await viewer.get("/api/auth/tokens")).status_code == 401
    (entry,) = await entries(site, "role.set")
    assert (entry.why, entry.before, entry.after) == (
        "left",
        {"role": "viewer"},
        {"role": "person"},
    )
    assert entry.actor.startswith("person:")


async def test_the_last_admin_stays(site: Site) -> None:
    admin = await as_role(site, Role.ADMIN)
    me = (await site.app.state.services.accounts.of(admin.cookies["sid"])).user_id
    change = {"role": "person", "reason": "tired"}
    answer = await admin.put(f"/api/people/{me}/role", json=change)
    assert (answer.status_code, answer.json()["code"]) == (409, LastAdmin.code)
    await as_role(site, Role.ADMIN, "another")
    assert (await admin.put(f"/api/people/{me}/role", json=change)).status_code == 204


async def test_the_operator_gives_roles_by_address_or_id(site: Site) -> None:
    roles = Roles(site.db, site.clock)
    await enter(site, ADA)
    await roles.set("operator:me", "ada@example.org", Role.VIEWER, "helps out")
    assert await role_of(site, ADA) == Role.VIEWER
    await enter(site, ADA._replace(subject="2"))
    with pytest.raises(Conflict):
        await roles.set("operator:me", "ada@example.org", Role.ADMIN, "which one")
    with pytest.raises(NotFound):
        await roles.set("operator:me", "nobody", Role.ADMIN, "why")
    with pytest.raises(BadRequest):
        await roles.set("operator:me", "ada@example.org", Role.ADMIN, " ")


@pytest.mark.parametrize(
    ("role", "listed", "changed"), [("person", 403, 403), ("viewer", 200, 403), ("admin", 200, 404)]
)
async def test_each_role_may_what_it_may(site: Site, role: str, listed: int, changed: int) -> None:
    browser = await as_role(site, Role(role))
    assert (await browser.get("/api/auth/tokens")).status_code == listed
    nothing = "0" * 32
    assert (await browser.delete(f"/api/auth/tokens/{nothing}")).status_code == changed
    change = {"role": "admin", "reason": "why"}
    answer = await browser.put(f"/api/people/{nothing}/role", json=change)
    assert answer.status_code == changed
    if changed == 403:
        assert answer.json()["code"] == "role_needed"


async def test_what_admins_change_needs_a_fresh_sign_in(site: Site) -> None:
    admin = await as_role(site, Role.ADMIN)
    site.clock.advance(601)
    assert (await admin.get("/api/auth/tokens")).status_code == 200
    answer = await admin.delete(f"/api/auth/tokens/{'0' * 32}")
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")


async def test_a_machine_trades_the_admin_token_for_one_that_ends_soon(
    site: Site, machine: httpx2.AsyncClient
) -> None:
    made = await machine.post(
        "/api/auth/token", json={"name": "nightly"}, headers=bearer(ADMIN_TOKEN)
    )
    assert (made.status_code, made.json()["role"]) == (200, "viewer")
    headers = bearer(made.json()["token"])
    (listed,) = (await machine.get("/api/auth/tokens", headers=headers)).json()
    assert (listed["id"], listed["name"]) == (made.json()["id"], "nightly")
    assert made.json()["token"] not in str(listed)
    # scoped: it sees, and changes nothing
    answer = await machine.delete(f"/api/auth/tokens/{listed['id']}", headers=headers)
    assert answer.status_code == 403
    site.clock.advance(15 * 60)
    assert (await machine.get("/api/auth/tokens", headers=headers)).status_code == 401
    (entry,) = await entries(site, "machine_token")
    assert (entry.actor, entry.action) == ("operator:admin_token", "machine_token.make")
    assert made.json()["token"] not in str(entry)


async def test_a_token_is_revoked_at_once(site: Site, machine: httpx2.AsyncClient) -> None:
    wish = {"name": "deploy", "role": "admin"}
    made = await machine.post("/api/auth/token", json=wish, headers=bearer(ADMIN_TOKEN))
    headers = bearer(made.json()["token"])
    admin = await as_role(site, Role.ADMIN)
    path = f"/api/auth/tokens/{made.json()['id']}"
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.delete(path)).status_code == 404
    assert (await machine.get("/api/auth/tokens", headers=headers)).status_code == 401
    assert [it.action for it in await entries(site, "machine_token")] == [
        "machine_token.revoke",
        "machine_token.make",
    ]


async def test_a_machine_is_no_person(site: Site, machine: httpx2.AsyncClient) -> None:
    wish = {"name": "deploy", "role": "admin"}
    made = await machine.post("/api/auth/token", json=wish, headers=bearer(ADMIN_TOKEN))
    for token in (made.json()["token"], ADMIN_TOKEN):
        answer = await machine.post("/recommend", headers=bearer(token))
        assert answer.status_code == 401
    # nor is the admin token itself good for anything but the trade
    answer = await machine.get("/api/auth/tokens", headers=bearer(ADMIN_TOKEN))
    assert answer.status_code == 401


async def test_wrong_tokens_are_refused_logged_and_slowed_down(
    site: Site, machine: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answers = []
    with caplog.at_level(logging.WARNING):
        for token in ("", "x", ADMIN_TOKEN[:-1], f"{ADMIN_TOKEN}x", "ü", *["guess"] * 5):
            headers = {"authorization": f"Bearer {token}".encode()}
            answer = await machine.post("/api/auth/token", json={"name": "x"}, headers=headers)
            answers.append(answer.status_code)
    assert answers == [401] * 10
    assert caplog.text.count("a wrong admin token") == 10
    assert "guess" not in caplog.text
    right = bearer(ADMIN_TOKEN)
    answer = await machine.post("/api/auth/token", json={"name": "x"}, headers=right)
    assert (answer.status_code, int(answer.headers["retry-after"])) == (429, 60)
    site.clock.advance(60)
    answer = await machine.post("/api/auth/token", json={"name": "x"}, headers=right)
    assert answer.status_code == 200


async def test_without_an_admin_token_no_machine_signs_in(site: Site) -> None:
    for token in ("", "x"):
        answer = await site.browser(accept="application/json").post(
            "/api/auth/token", json={"name": "x"}, headers=bearer(token)
        )
        assert answer.status_code == 404


def test_an_admin_token_is_hard_to_guess() -> None:
    with pytest.raises(ValidationError, match="32 characters or more"):
        Settings.model_validate({"admin_token": "short"})
