"""Tampered answers of a provider: no session, a calm page, and one line that names the cause."""

import base64
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from oo.identity.failures import Cause
from tests.peers.signing import CLIENT_ID, EC, ISSUER, RSA, Sign, SigningProvider, signed
from tests.unit.web.conftest import Site, open_site
from tests.unit.web.signing_in import Scene, causes, nobody_is_in, scene_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
OWN = ECKey.generate_key("P-256")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """One site for all: nobody ever gets into it."""
    async with open_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


@pytest.fixture
def scene(shared: Site) -> Scene:
    return scene_of(shared)


def by(header: dict[str, Any], key: Any, algorithm: str) -> Sign:
    return lambda _, claims: jwt.encode(header, claims, key, [algorithm])


def unsigned(_: SigningProvider, claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def mac_with_the_public_key(_: SigningProvider, claims: dict[str, Any]) -> str:
    signed_part = f"{_part({'alg': 'HS256', 'kid': RSA.kid})}.{_part(claims)}"
    mac = hmac.digest(RSA.as_pem(private=False), signed_part.encode(), "sha256")
    return f"{signed_part}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def swapped(provider: SigningProvider, claims: dict[str, Any]) -> str:
    header, _, signature = signed(provider, claims).split(".")
    return f"{header}.{_part({**claims, 'sub': 'eve'})}.{signature}"


def cut(provider: SigningProvider, claims: dict[str, Any]) -> str:
    return str(signed(provider, claims)[:-20])


def encrypted(_: SigningProvider, claims: dict[str, Any]) -> str:
    key = RSAKey.import_key(RSA.as_pem(private=False))
    header = {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": RSA.kid}
    return jwe.encrypt_compact(header, json.dumps(claims), key, ["RSA-OAEP", "A256GCM"])


def listed(_: SigningProvider, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "kid": RSA.kid}
    return jws.serialize_compact(header, json.dumps([claims]), RSA, ["RS256"])


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
        Cause.WRONG_ALGORITHM,
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
        by({"alg": "ES256", "kid": "own", "jwk": OWN.as_dict(private=False)}, OWN, "ES256"),
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
    "a list of claims": (Cause.MALFORMED, listed),
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
