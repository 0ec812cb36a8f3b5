"""What Google and Apple do otherwise than plain OpenID Connect."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from oo.identity.failures import Cause, SignInFailed
from oo.identity.openid import OpenIdSignIn, SignedIn
from oo.identity.provider import News, Notice, configured
from oo.kit.clock import ManualClock
from oo.kit.errors import BadRequest, ConfigurationError
from oo.kit.settings import Settings
from oo.vault.keyring import Keyring
from tests.peers.signing import CLIENT_ID, SigningProvider

GOOGLE = "https://accounts.google.com"
APPLE = "https://appleid.apple.com"
KEY = ECKey.generate_key("P-256")
PEM = KEY.as_pem(private=True).decode()
APPLE_GIVEN = {"client_id": CLIENT_ID, "team_id": "TEAM", "key_id": "KEY", "private_key": PEM}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 26, 9, tzinfo=UTC))


def sign_in_at(
    provider: SigningProvider, name: str, given: dict[str, Any], clock: ManualClock
) -> OpenIdSignIn:
    settings = Settings.model_validate({"oidc": {name: given}})
    return OpenIdSignIn(settings, Keyring({"k": b"k" * 32}), clock, provider.transport())


async def signed_in(
    openid: OpenIdSignIn, provider: SigningProvider, name: str, **answer: str
) -> SignedIn:
    attempt = await openid.start(name, "/")
    return await openid.finish(name, {**provider.consent(attempt.url), **answer}, attempt.cookie)


def google(**given: str) -> dict[str, Any]:
    return {"client_id": CLIENT_ID, "client_secret": "s", **given}


async def test_google_needs_an_id_and_a_secret(clock: ManualClock) -> None:
    provider = SigningProvider(clock, GOOGLE)
    openid = sign_in_at(provider, "google", google(), clock)
    assert openid.choices() == [("google", "Google", GOOGLE)]
    asked = parse_qs(urlsplit((await openid.start("google", "/")).url).query)
    assert asked["access_type"] == ["online"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "hd" not in asked
    assert "max_age" not in asked  # it knows none
    asked = parse_qs(urlsplit((await openid.start("google", "/", fresh=True)).url).query)
    assert asked["prompt"] == ["select_account"]
    assert "response_mode" not in asked
    # it calls itself by either name
    provider.claims = {"iss": "accounts.google.com", "email_verified": True}
    found = (await signed_in(openid, provider, "google")).profile
    assert found == (GOOGLE, "ada", "ada@example.org", "Ada", True)


async def test_google_lets_one_organisation_in(clock: ManualClock) -> None:
    provider = SigningProvider(clock, GOOGLE)
    given = google(hosted_domain="example.org", access_type="offline")
    openid = sign_in_at(provider, "google", given, clock)
    asked = parse_qs(urlsplit((await openid.start("google", "/")).url).query)
    assert (asked["hd"], asked["access_type"]) == (["example.org"], ["offline"])
    provider.claims = {"hd": "Example.org"}
    assert (await signed_in(openid, provider, "google")).profile.subject == "ada"
    # the address proves nothing of the organisation
    for told in ({"hd": "evil.test"}, {"hd": None}, {"email": "eve@example.org"}, {"hd": True}):
        provider.claims = told
        with pytest.raises(SignInFailed) as caught:
            await signed_in(openid, provider, "google")
        assert caught.value.cause is Cause.WRONG_DOMAIN


async def test_apple_gets_a_secret_that_we_sign_and_renew(clock: ManualClock) -> None:
    provider = SigningProvider(clock, APPLE)
    openid = sign_in_at(provider, "apple", APPLE_GIVEN, clock)
    attempt = await openid.start("apple", "/")
    asked = parse_qs(urlsplit(attempt.url).query)
    assert asked["response_mode"] == ["form_post"]
    assert asked["scope"] == ["openid email name"]
    assert attempt.comes_by_form
    for minutes in (0, 10, 39, 2, 49):
        clock.advance(minutes * 60)
        await signed_in(openid, provider, "apple")
    secrets = [form["client_secret"] for form in provider.forms]
    assert len(set(secrets)) == 2
    assert secrets[0] == secrets[2] != secrets[3] == secrets[4]
    for form in provider.forms:
        token = jwt.decode(form["client_secret"], KEY, ["ES256"])
        assert token.header["kid"] == "KEY"
        assert token.claims["iss"] == "TEAM"
        assert token.claims["aud"] == APPLE
        assert token.claims["sub"] == CLIENT_ID
        assert timedelta(0) < timedelta(seconds=token.claims["exp"] - token.claims["iat"])
    assert PEM not in repr(openid.__dict__)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ('{"name": {"firstName": "Ada", "lastName": "Lovelace"}}', "Ada Lovelace"),
        ('{"name": {"firstName": "Ada"}}', "Ada"),
        ('{"name": "Ada"}', ""),
        ("[]", ""),
        ("", ""),
    ],
)
async def test_apple_tells_the_name_once_and_truth_as_text(
    clock: ManualClock, user: str, name: str
) -> None:
    provider = SigningProvider(clock, APPLE)
    relay = "x1y2@privaterelay.appleid.com"
    provider.claims = {"name": None, "email": relay, "email_verified": "true"}
    openid = sign_in_at(provider, "apple", APPLE_GIVEN, clock)
    found = (await signed_in(openid, provider, "apple", user=user)).profile
    assert found == (APPLE, "ada", relay, name, True)
    provider.claims["email_verified"] = "false"
    assert not (await signed_in(openid, provider, "apple")).profile.email_verified


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "sub": "ada", "event_time": 1_764_000_000_000, **more}


def notification(provider: SigningProvider, told: Any, **claims: Any) -> str:
    now = int(provider.clock.now().timestamp())
    honest = {"iss": provider.issuer, "aud": CLIENT_ID, "iat": now, "jti": "1", "events": told}
    header = {"alg": "RS256", "kid": provider.key.kid}
    return jwt.encode(header, {**honest, **claims}, provider.key, ["RS256"])


@pytest.mark.parametrize(
    ("kind", "news"),
    [
        ("email-disabled", News.EMAIL_OFF),
        ("email-enabled", News.EMAIL_ON),
        ("consent-revoked", News.CONSENT_REVOKED),
        ("account-delete", News.ACCOUNT_DELETED),
    ],
)
async def test_apple_tells_of_its_accounts(clock: ManualClock, kind: str, news: News) -> None:
    provider = SigningProvider(clock, APPLE)
    openid = sign_in_at(provider, "apple", APPLE_GIVEN, clock)
    at = datetime.fromtimestamp(1_764_000_000, UTC)
    for told in (event(kind), json.dumps(event(kind)), event(kind, event_time=1_764_000_000)):
        found = await openid.notice("apple", notification(provider, told))
        assert found == (APPLE, Notice(news, "ada", at))


async def test_apple_may_tell_what_we_do_not_know(clock: ManualClock) -> None:
    provider = SigningProvider(clock, APPLE)
    openid = sign_in_at(provider, "apple", APPLE_GIVEN, clock)
    assert await openid.notice("apple", notification(provider, event("new"))) == (APPLE, None)
    for told in (None, 1, "x", [], {"type": "email-disabled"}, event("new", event_time="x")):
        with pytest.raises(BadRequest):
            await openid.notice("apple", notification(provider, told))


async def test_a_notification_is_signed_for_us(clock: ManualClock) -> None:
    provider = SigningProvider(clock, APPLE)
    openid = sign_in_at(provider, "apple", APPLE_GIVEN, clock)
    told = event("account-delete")
    honest = notification(provider, told)
    cases = {
        "hello": Cause.MALFORMED,
        honest[:-8]: Cause.WRONG_SIGNATURE,
        notification(provider, told, aud="another"): Cause.WRONG_AUDIENCE,
        notification(provider, told, iss=GOOGLE): Cause.OTHER_ISSUER,
        notification(provider, told, iat=4_000_000_000): Cause.NOT_YET,
        notification(provider, told, exp=1): Cause.EXPIRED,
    }
    stranger = SigningProvider(clock, APPLE)
    stranger.key = RSAKey.generate_key(2048, {"kid": "own"})
    cases[notification(stranger, told)] = Cause.UNKNOWN_KEY
    for token, cause in cases.items():
        with pytest.raises(SignInFailed) as caught:
            await openid.notice("apple", token)
        assert caught.value.cause is cause


async def test_a_plain_provider_sends_none(clock: ManualClock) -> None:
    provider = SigningProvider(clock, GOOGLE)
    openid = sign_in_at(provider, "google", google(), clock)
    with pytest.raises(BadRequest):
        await openid.notice("google", notification(provider, event("account-delete")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"other": {"client_id": "x"}}, "OO_OIDC__OTHER__TITLE must be given"),
        ({"other": {"client_id": "x", "title": "X"}}, "OO_OIDC__OTHER__ISSUER must be given"),
        ({"other": {"client_id": "x", "kind": "gogle"}}, "no kind of provider 'gogle'"),
        ({"google": google(hosted_domian="x")}, "OO_OIDC__GOOGLE__HOSTED_DOMIAN"),
        ({"google": google(access_type="x")}, "OO_OIDC__GOOGLE__ACCESS_TYPE"),
        ({"apple": {"client_id": "x"}}, "OO_OIDC__APPLE__TEAM_ID"),
        ({"apple": {**APPLE_GIVEN, "private_key": "x"}}, "OO_OIDC__APPLE__PRIVATE_KEY"),
    ],
)
def test_a_wrong_setting_is_named(clock: ManualClock, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(Settings.model_validate({"oidc": given}), clock)
    assert said in caught.value.detail


def test_one_kind_may_be_set_up_twice(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "KIND": "apple",
        "CLIENT_ID": "x",
        "TEAM_ID": "T",
        "KEY_ID": "K",
        "PRIVATE_KEY": PEM.replace("\n", "\\n"),
    }.items():
        monkeypatch.setenv(f"OO_OIDC__WORK__{name}", value)
    settings = Settings()
    assert PEM.splitlines()[1] not in repr(settings)
    found = configured(settings, clock)["work"]
    assert (found.title, found.issuer, found.response_mode) == ("Apple", APPLE, "form_post")
