"""A provider's own troubles: keys that rotate, clocks that differ, outages, answers that repeat."""

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from oo.identity.failures import Cause
from tests.peers.signing import EC
from tests.unit.web.conftest import Site
from tests.unit.web.signing_in import Scene, causes, nobody_is_in, scene_of


@pytest.fixture
def scene(site: Site) -> Scene:
    return scene_of(site)


async def test_an_honest_answer_signs_in(scene: Scene) -> None:
    answer = await scene.come_back(await scene.begin())
    assert answer.headers["location"] == "/"
    assert "sid" in scene.browser.cookies
    # nothing of the attempt is left in the browser
    assert [name for name in scene.browser.cookies if "login-" in name] == []


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
    for name in ("rsa", "new"):  # under the same name, and under another
        key = RSAKey.generate_key(2048, {"kid": name, "use": "sig"})
        scene.provider.key, scene.provider.keys = key, [key, EC]
        scene.site.clock.advance(60)
        assert (await scene.come_back(await scene.begin())).headers["location"] == "/"
    assert scene.provider.asked.count("/keys") == 3
    # one that is not published is not looked for again and again
    scene.provider.key = RSAKey.generate_key(2048, {"kid": "hidden", "use": "sig"})
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
    scene.site.clock.advance(3600)
    answer = await scene.site.browser(accept="text/html").get("/auth/stand")
    assert "Stand calls itself https://new.test" in answer.text
    assert causes(caplog) == [Cause.WRONG_ISSUER]


async def test_a_key_that_everybody_has_proves_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    shared = OctKey.generate_key(256, {"kid": "shared"})
    scene.provider.algorithms, scene.provider.keys = ["HS256"], [shared]
    scene.provider.sign = lambda _, claims: jwt.encode(
        {"alg": "HS256", "kid": "shared"}, claims, shared, ["HS256"]
    )
    assert (await scene.come_back(await scene.begin())).status_code == 400
    assert causes(caplog) == [Cause.WRONG_ALGORITHM]
    assert await nobody_is_in(scene)
