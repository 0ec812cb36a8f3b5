"""Tampered answers of a provider: no session, a calm page, and one line that names the cause."""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx2
import pytest
from joserfc import jwe, jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import func, select

from oo.identity.failures import Cause
from oo.identity.openid import OpenIdSignIn
from oo.kit.settings import Settings
from oo.store.tables import identities, sessions, users
from oo.vault.keyring import Keyring
from tests.peers.signing import CLIENT_ID, EC, ISSUER, RSA, Sign, SigningProvider, signed
from tests.unit.web.conftest import Site

PROVIDER = {"title": "Stand", "issuer": ISSUER, "client_id": CLIENT_ID, "client_secret": "s" * 32}
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
LONG = 3600


class Scene(NamedTuple):
    """A site, its provider and a browser."""

    site: Site
    provider: SigningProvider
    browser: httpx2.AsyncClient

    async def begin(self, name: str = "stand") -> dict[str, str]:
        """Start to sign in and consent; what the browser brings back."""
        start = await self.browser.get(f"/auth/{name}")
        assert start.status_code == 303, start.text
        return self.provider.consent(start.headers["location"])

    async def come_back(self, answer: dict[str, str], name: str = "stand") -> httpx2.Response:
        return await self.browser.get(f"/auth/{name}/callback", params=answer)


@pytest.fixture
def scene(site: Site) -> Scene:
    provider = SigningProvider(site.clock)
    own = Settings.model_validate(
        {"data_dir": site.settings.data_dir, "oidc": {"stand": PROVIDER, "other": PROVIDER}}
    )
    site.app.state.services.identity.openid = OpenIdSignIn(
        own, Keyring({"k": b"k" * 32}), site.clock, provider.transport()
    )
    return Scene(site, provider, site.browser(accept="text/html"))


async def nobody_is_in(scene: Scene) -> bool:
    async with scene.site.db.read() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (sessions, identities, users)
        ]
    return counts == [0, 0, 0] and "sid" not in scene.browser.cookies


def causes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The causes in the log, one per line."""
    return [
        str(record.args[1])
        for record in caplog.records
        if record.name == "oo.identity.failures" and isinstance(record.args, tuple)
    ]


def by(header: dict[str, Any], key: Any, algorithm: str) -> Sign:
    return lambda _, claims: jwt.encode(header, claims, key, [algorithm])


def unsigned(_: SigningProvider, claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def mac_with_the_public_key(_: SigningProvider, claims: dict[str, Any]) -> str:
    key = OctKey.import_key(RSA.as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": RSA.kid}, claims, key, ["HS256"])


def swapped(provider: SigningProvider, claims: dict[str, Any]) -> str:
    header, _, signature = signed(provider, claims).split(".")
    return f"{header}.{_part({**claims, 'sub': 'eve'})}.{signature}"


def cut(provider: SigningProvider, claims: dict[str, Any]) -> str:
    return str(signed(provider, claims)[:-20])


def encrypted(_: SigningProvider, claims: dict[str, Any]) -> str:
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": RSA.kid}
    return jwe.encrypt_compact(header, json.dumps(claims), RSA, ["RSA-OAEP", "A256GCM"])


def _part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


TOKENS: dict[str, tuple[Cause, Sign]] = {
    "no signature": (Cause.WRONG_ALGORITHM, unsigned),
    "a MAC with the public key": (Cause.WRONG_ALGORITHM, mac_with_the_public_key),
    "a MAC with the shared secret": (
        Cause.WRONG_ALGORITHM,
        by({"alg": "HS256"}, OctKey.import_key("s" * 32), "HS256"),
    ),
    "an algorithm that is none": (
        Cause.WRONG_ALGORITHM,
        lambda _, claims: f"{_part({'alg': 'XX1'})}.{_part(claims)}.eA",
    ),
    "no algorithm": (
        Cause.MALFORMED,
        lambda _, claims: f"{_part({'kid': 'rsa'})}.{_part(claims)}.eA",
    ),
    "the algorithm of another key": (
        Cause.WRONG_ALGORITHM,
        by({"alg": "ES256", "kid": RSA.kid}, EC, "ES256"),
    ),
    "a stranger's key under a known name": (
        Cause.WRONG_SIGNATURE,
        by({"alg": "RS256", "kid": RSA.kid}, STRANGER, "RS256"),
    ),
    "a name that no key has": (
        Cause.UNKNOWN_KEY,
        by({"alg": "RS256", "kid": "new"}, STRANGER, "RS256"),
    ),
    "no name of a key": (Cause.UNKNOWN_KEY, by({"alg": "RS256"}, RSA, "RS256")),
    "a key that it brings itself": (
        Cause.UNKNOWN_KEY,
        by(
            {"alg": "RS256", "kid": "own", "jwk": STRANGER.as_dict(private=False)},
            STRANGER,
            "RS256",
        ),
    ),
    "an address of keys": (
        Cause.UNKNOWN_KEY,
        by({"alg": "RS256", "kid": "own", "jku": "https://evil.test/keys"}, STRANGER, "RS256"),
    ),
    "other claims under the signature": (Cause.WRONG_SIGNATURE, swapped),
    "a cut signature": (Cause.WRONG_SIGNATURE, cut),
    "an extension that must be known": (
        Cause.MALFORMED,
        lambda _, claims: (
            f"{_part({'alg': 'RS256', 'kid': 'rsa', 'crit': ['x'], 'x': 1})}.{_part(claims)}.eA"
        ),
    ),
    "an encrypted token": (Cause.MALFORMED, encrypted),
    "text": (Cause.MALFORMED, lambda _, claims: "hello"),
    "a number": (Cause.MALFORMED, lambda _, claims: 1),
    "a list of claims": (
        Cause.MALFORMED,
        lambda provider, claims: signed(provider, [claims]),  # type: ignore[arg-type]  # a lie
    ),
    "nothing": (Cause.NO_IDENTITY, lambda _, claims: None),
}

CLAIMS: dict[str, tuple[Cause, dict[str, Any]]] = {
    "another audience": (Cause.WRONG_AUDIENCE, {"aud": "another"}),
    "an audience that is an object": (Cause.WRONG_AUDIENCE, {"aud": {"oo": 1}}),
    "no audience": (Cause.MISSING_CLAIM, {"aud": None}),
    "two audiences and no party": (Cause.MISSING_CLAIM, {"aud": [CLIENT_ID, "another"]}),
    "two audiences, another party": (
        Cause.WRONG_PARTY,
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
    ),
    "another party": (Cause.WRONG_PARTY, {"azp": "another"}),
    "another issuer": (Cause.OTHER_ISSUER, {"iss": "https://evil.test"}),
    "a slash more": (Cause.OTHER_ISSUER, {"iss": f"{ISSUER}/"}),
    "no issuer": (Cause.MISSING_CLAIM, {"iss": None}),
    "another nonce": (Cause.WRONG_NONCE, {"nonce": "another"}),
    "no nonce": (Cause.MISSING_CLAIM, {"nonce": None}),
    "long over": (Cause.EXPIRED, {"exp": 1}),
    "no end": (Cause.MISSING_CLAIM, {"exp": None}),
    "an end that is text": (Cause.MALFORMED, {"exp": "2099"}),
    "issued later": (Cause.NOT_YET, {"iat": 4_000_000_000}),
    "issued at no time": (Cause.MISSING_CLAIM, {"iat": None}),
    "not valid yet": (Cause.NOT_YET, {"nbf": 4_000_000_000}),
    "the hash of another access token": (Cause.WRONG_AT_HASH, {"at_hash": "AAAA"}),
    "no subject": (Cause.MISSING_CLAIM, {"sub": None}),
    "an empty subject": (Cause.WRONG_SUBJECT, {"sub": ""}),
    "a subject that is a number": (Cause.WRONG_SUBJECT, {"sub": 1}),
    "a subject that would be cut": (Cause.WRONG_SUBJECT, {"sub": "x" * 256}),
    "a subject that would be cleaned": (Cause.WRONG_SUBJECT, {"sub": "ada\0"}),
}


async def test_an_honest_answer_signs_in(scene: Scene) -> None:
    answer = await scene.come_back(await scene.begin())
    assert answer.headers["location"] == "/"
    assert "sid" in scene.browser.cookies
    # nothing of the attempt is left in the browser
    assert [name for name in scene.browser.cookies if "login-" in name] == []


@pytest.mark.parametrize("case", TOKENS)
async def test_a_token_that_was_not_signed_for_this(
    scene: Scene, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    cause, scene.provider.sign = TOKENS[case]
    await refused(scene, caplog, cause)


@pytest.mark.parametrize("case", CLAIMS)
async def test_a_token_that_says_something_else(
    scene: Scene, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    cause, scene.provider.claims = CLAIMS[case]
    await refused(scene, caplog, cause)


async def refused(scene: Scene, caplog: pytest.LogCaptureFixture, cause: Cause) -> None:
    caplog.set_level(logging.INFO)
    answer = await scene.come_back(await scene.begin())
    assert 400 <= answer.status_code < 503
    assert "Back to sign-in" in answer.text
    assert causes(caplog) == [cause]
    assert await nobody_is_in(scene)


Change = Callable[[dict[str, str]], dict[str, str]]
ANSWERS: dict[str, tuple[Cause, Change]] = {
    "the state of another attempt": (Cause.NO_ATTEMPT, lambda it: {**it, "state": "another"}),
    "no state": (Cause.NO_ATTEMPT, lambda it: {"code": it["code"]}),
    "no code": (Cause.NO_CODE, lambda it: {"state": it["state"]}),
    "a code of nobody": (Cause.USED_CODE, lambda it: {**it, "code": "guess"}),
    "another issuer": (Cause.OTHER_ISSUER, lambda it: {**it, "iss": "https://evil.test"}),
    "a cancel": (Cause.CANCELLED, lambda it: {**it, "error": "access_denied"}),
    "an error": (Cause.PROVIDER_REFUSED, lambda it: {**it, "error": "<b>server_error</b>"}),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_what_the_browser_brings_was_changed(
    scene: Scene, caplog: pytest.LogCaptureFixture, case: str
) -> None:
    caplog.set_level(logging.INFO)
    cause, change = ANSWERS[case]
    answer = await scene.come_back(change(await scene.begin()))
    assert "<b>" not in answer.text
    assert causes(caplog) == [cause]
    assert await nobody_is_in(scene)


async def test_the_answer_to_somebody_else(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    mallory = scene._replace(browser=scene.site.browser())
    theirs = await mallory.begin()
    mine = await scene.begin()
    await scene.come_back(theirs)  # nothing of theirs is in this browser
    # a code of theirs in an answer to mine: it was asked for with another verifier
    await scene.come_back({**mine, "code": theirs["code"]})
    assert causes(caplog) == [Cause.NO_ATTEMPT, Cause.USED_CODE]
    # a provider that looks at no verifier gives it away, for another nonce
    scene.provider.is_lax = True
    theirs, mine = await mallory.begin(), await scene.begin()
    await scene.come_back({**mine, "code": theirs["code"]})
    assert causes(caplog)[2:] == [Cause.WRONG_NONCE]
    assert await nobody_is_in(scene)


async def test_a_cookie_of_another_attempt(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    first, second = await scene.begin(), await scene.begin("other")
    cookies = dict(scene.browser.cookies)
    openid = scene.site.app.state.services.identity.openid
    one, two = (openid.cookie_name(it["state"]) for it in (first, second))
    for name, cookie in ((one, cookies[two]), (two, cookies[one]), (one, "forged"), (one, "")):
        scene.browser.cookies.clear()
        scene.browser.cookies.set(name, cookie)
        await scene.come_back(first if name == one else second, "stand")
    assert causes(caplog) == [
        Cause.OTHER_PROVIDER,
        Cause.OTHER_STATE,
        Cause.NO_ATTEMPT,
        Cause.NO_ATTEMPT,
    ]
    assert await nobody_is_in(scene)


async def test_an_answer_that_comes_late_or_twice(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    late = await scene.begin()
    scene.site.clock.advance(601)
    await scene.come_back(late)
    assert causes(caplog) == [Cause.NO_ATTEMPT]
    assert await nobody_is_in(scene)
    for is_lax, cause in ((False, Cause.USED_CODE), (True, Cause.SPENT_ATTEMPT)):
        scene.provider.is_lax = is_lax
        answer = await scene.begin()
        kept = dict(scene.browser.cookies)
        assert (await scene.come_back(answer)).headers["location"] == "/"
        thief = scene._replace(browser=scene.site.browser(accept="text/html"))
        thief.browser.cookies.update({name: it for name, it in kept.items() if name != "sid"})
        again = await thief.come_back(answer)
        assert "This sign-in was used already" in again.text
        assert "sid" not in thief.browser.cookies
        assert causes(caplog)[-1] == cause


async def test_clocks_may_differ_a_little(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    now = int(scene.site.clock.now().timestamp())
    for told in ({"iat": now + 110, "nbf": now + 110}, {"exp": now - 110}):
        scene.provider.claims = told
        assert (await scene.come_back(await scene.begin())).headers["location"] == "/"
    scene.provider.claims = {"iat": now + 130}
    answer = await scene.come_back(await scene.begin())
    assert "The clocks differ" in answer.text
    assert causes(caplog) == [Cause.NOT_YET]


async def test_keys_that_rotate_are_fetched_once_more(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.come_back(await scene.begin())
    for key in (
        RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),  # under the same name
        STRANGER,
    ):
        scene.provider.key, scene.provider.keys = key, [key, EC]
        scene.site.clock.advance(60)
        assert (await scene.come_back(await scene.begin())).headers["location"] == "/"
    assert scene.provider.asked.count("/keys") == 3
    # one that is not published is not looked for again and again
    scene.provider.sign = by({"alg": "RS256", "kid": "gone"}, STRANGER, "RS256")
    scene.site.clock.advance(60)
    for _ in range(3):
        answer = await scene.come_back(await scene.begin())
        assert "The provider changed its keys" in answer.text
    assert scene.provider.asked.count("/keys") == 4
    assert causes(caplog) == [Cause.UNKNOWN_KEY] * 3


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/.well-known/openid-configuration", Cause.PROVIDER_AWAY),
        ("/token", Cause.PROVIDER_AWAY),
        ("/keys", Cause.KEYS_AWAY),
    ],
)
async def test_a_provider_that_is_away_is_back_when_it_is_back(
    scene: Scene, caplog: pytest.LogCaptureFixture, path: str, cause: Cause
) -> None:
    scene.provider.down = {path}
    answer = await scene.browser.get("/auth/stand")
    if answer.status_code == 303:
        answer = await scene.come_back(scene.provider.consent(answer.headers["location"]))
    assert answer.status_code == 502
    assert "Stand does not answer" in answer.text
    assert causes(caplog) == [cause]
    scene.provider.down = set()
    assert (await scene.come_back(await scene.begin())).headers["location"] == "/"


async def test_an_issuer_that_changes_is_noticed_within_the_hour(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.come_back(await scene.begin())
    scene.provider.issuer = "https://new.test"
    scene.site.clock.advance(LONG)
    answer = await scene.site.browser(accept="text/html").get("/auth/stand")
    assert "Stand calls itself https://new.test" in answer.text
    assert causes(caplog) == [Cause.WRONG_ISSUER]
