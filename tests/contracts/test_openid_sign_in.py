"""Sign-in against a real OpenID provider."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from oo.identity.failures import Cancelled, NotFresh, WrongIssuer
from oo.identity.openid import OpenIdSignIn
from oo.identity.people import Profile
from oo.identity.sudo import SUDO_LIFETIME
from oo.kit.clock import ManualClock
from oo.kit.errors import BadGateway, BadRequest, NotFound
from oo.kit.settings import Settings
from oo.vault.keyring import Keyring
from tests.peers.oidc import CLIENT_ID, CLIENT_SECRET, INSTALLED, consent, openid_provider

pytestmark = pytest.mark.skipif(not INSTALLED, reason="needs `npm ci`")

REDIRECT_URI = "http://localhost:8000/auth/real/callback"
FORM_URI = "http://localhost:8000/auth/form/callback"
OWN_MACHINE = {"own_networks": ["127.0.0.0/8"]}
OTHER_URI = "http://localhost:8000/auth/other/callback"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with openid_provider(REDIRECT_URI, OTHER_URI, FORM_URI) as address:
        yield address


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


def sign_in(issuer: str, clock: ManualClock) -> OpenIdSignIn:
    provider = {
        "title": "Real",
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    form = {**provider, "response_mode": "form_post"}
    dead = {**provider, "issuer": "http://127.0.0.1:9"}
    oidc = {"real": provider, "other": provider, "form": form, "dead": dead}
    settings = Settings.model_validate({"oidc": oidc, "outgoing": OWN_MACHINE})
    return OpenIdSignIn(settings, Keyring({"k": b"k" * 32}), clock)


async def test_a_person_signs_in(issuer: str, clock: ManualClock) -> None:
    openid = sign_in(issuer, clock)
    attempt = await openid.start("real", "/connect")
    asked = httpx2.URL(attempt.url).params
    assert asked["code_challenge_method"] == "S256"
    assert asked["nonce"]
    back = await consent(attempt.url, "ada", REDIRECT_URI)
    assert attempt.cookie_name == openid.cookie_name(back.params["state"])
    signed_in = await openid.finish("real", dict(back.params), attempt.cookie)
    assert signed_in.next_path == "/connect"
    assert signed_in.profile == Profile(
        issuer, "ada", "ada@example.org", "ada", email_verified=True
    )
    # the code is good for one use
    with pytest.raises(BadRequest):
        await openid.finish("real", dict(back.params), attempt.cookie)


async def test_an_answer_by_form_is_taken(issuer: str, clock: ManualClock) -> None:
    openid = sign_in(issuer, clock)
    attempt = await openid.start("form", "/")
    assert attempt.comes_by_form
    back = await consent(attempt.url, "ada", FORM_URI)
    signed_in = await openid.finish("form", dict(back.params), attempt.cookie)
    assert signed_in.profile.subject == "ada"


async def test_two_tabs_do_not_disturb_each_other(issuer: str, clock: ManualClock) -> None:
    openid = sign_in(issuer, clock)
    first, second = [await openid.start("real", "/") for _ in range(2)]
    assert first.cookie_name != second.cookie_name
    for attempt, login in ((first, "ada"), (second, "bob")):
        back = await consent(attempt.url, login, REDIRECT_URI)
        signed_in = await openid.finish("real", dict(back.params), attempt.cookie)
        assert signed_in.profile.subject == login


async def test_an_answer_to_another_attempt_is_refused(issuer: str, clock: ManualClock) -> None:
    openid = sign_in(issuer, clock)
    mine, theirs = [await openid.start("real", "/") for _ in range(2)]
    query = dict((await consent(theirs.url, "mallory", REDIRECT_URI)).params)
    state_of_mine = httpx2.URL(mine.url).params["state"]
    for given, cookie in (
        (query, mine.cookie),  # another state
        (query, None),
        (query, "forged"),
        ({**query, "state": state_of_mine}, mine.cookie),  # a code with another nonce and verifier
        ({**query, "iss": "https://evil.example"}, theirs.cookie),
        ({"state": query["state"]}, theirs.cookie),
    ):
        with pytest.raises(BadRequest):
            await openid.finish("real", given, cookie)
    with pytest.raises(BadRequest):
        await openid.finish("other", query, theirs.cookie)
    clock.advance(601)
    with pytest.raises(BadRequest):
        await openid.finish("real", query, theirs.cookie)


async def test_a_slash_too_much_is_named(issuer: str, clock: ManualClock) -> None:
    with pytest.raises(WrongIssuer) as caught:
        await sign_in(f"{issuer}/", clock).start("real", "/")
    assert (
        f"calls itself {issuer}, but OO_OIDC__REAL__ISSUER says {issuer}/." in caught.value.detail
    )
    openid = sign_in(issuer, clock)
    attempt = await openid.start("real", "/")
    back = await consent(attempt.url, "ada", REDIRECT_URI)
    with pytest.raises(WrongIssuer):
        await openid.finish("real", {**back.params, "iss": f"{issuer}/"}, attempt.cookie)


async def test_saying_no_is_no_error(issuer: str, clock: ManualClock) -> None:
    openid = sign_in(issuer, clock)
    attempt = await openid.start("real", "/")
    state = httpx2.URL(attempt.url).params["state"]
    with pytest.raises(Cancelled):
        await openid.finish("real", {"error": "access_denied", "state": state}, attempt.cookie)
    with pytest.raises(BadGateway):
        await openid.finish("real", {"error": "server_error", "state": state}, attempt.cookie)
    with pytest.raises(BadRequest):
        await openid.finish("real", {"error": "access_denied"}, attempt.cookie)


async def test_a_provider_that_is_away_or_unknown(issuer: str, clock: ManualClock) -> None:
    openid = sign_in(issuer, clock)
    with pytest.raises(BadGateway):
        await openid.start("dead", "/")
    with pytest.raises(NotFound):
        await openid.start("nothing", "/")


async def test_a_provider_asks_again_for_what_must_be_fresh(
    issuer: str, clock: ManualClock
) -> None:
    openid, cookies = sign_in(issuer, clock), httpx2.Cookies()
    first = await openid.start("real", "/")
    await openid.finish(
        "real", dict((await consent(first.url, "ada", REDIRECT_URI, cookies)).params), first.cookie
    )
    # who is signed in there is not asked again, and nobody can say otherwise
    again = await openid.start("real", "/")
    back = await consent(again.url, "bob", REDIRECT_URI, cookies)
    known = await openid.finish("real", dict(back.params), again.cookie)
    assert known.profile.subject == "ada"
    # unless it must be fresh: then a login counts, and says so
    fresh = await openid.start("real", "/", fresh=True)
    back = await consent(fresh.url, "bob", REDIRECT_URI, cookies)
    signed_in = await openid.finish("real", dict(back.params), fresh.cookie)
    assert signed_in.profile.subject == "bob"
    assert abs(signed_in.authenticated_at - datetime.now(UTC)) < timedelta(seconds=30)


async def test_a_browser_that_leaves_the_question_out_gets_nothing_fresh(
    issuer: str, clock: ManualClock
) -> None:
    openid, cookies = sign_in(issuer, clock), httpx2.Cookies()
    first = await openid.start("real", "/")
    await consent(first.url, "ada", REDIRECT_URI, cookies)
    clock.advance(900)
    ordinary = await openid.start("real", "/")
    back = await consent(ordinary.url, "ada", REDIRECT_URI, cookies)
    signed_in = await openid.finish("real", dict(back.params), ordinary.cookie)
    assert clock.now() - signed_in.authenticated_at > SUDO_LIFETIME
    for asked in ({}, {"max_age": "86400"}):
        fresh = await openid.start("real", "/", fresh=True)
        url = httpx2.URL(fresh.url)
        kept = {k: v for k, v in url.params.items() if k not in ("prompt", "max_age")}
        tampered = str(url.copy_with(params={**kept, **asked}))
        back = await consent(tampered, "ada", REDIRECT_URI, cookies)
        with pytest.raises(NotFresh):
            await openid.finish("real", dict(back.params), fresh.cookie)
