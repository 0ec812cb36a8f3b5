"""A sign-in that must be new: the provider is asked for one, and has to say that there was one."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from oo.identity.openid import OpenIdSignIn
from oo.kit.settings import Settings
from oo.vault.keyring import Keyring
from tests.unit.web.conftest import Site
from tests.unit.web.signing_in import PROVIDER, Scene, causes, scene_of

FRESH = "/auth/stand?fresh=1&next=/connect"


@pytest.fixture
def scene(site: Site) -> Scene:
    return scene_of(site)


async def begin(scene: Scene, address: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What the provider is asked, and what the browser brings back."""
    start = await scene.browser.get(address)
    assert start.status_code == 303, start.text
    asked = parse_qs(urlsplit(start.headers["location"]).query)
    return asked, scene.provider.consent(start.headers["location"])


async def is_fresh(scene: Scene) -> bool:
    answer = await scene.browser.get("/account/delete")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


async def test_a_new_sign_in_is_asked_for(scene: Scene) -> None:
    asked, _ = await begin(scene, FRESH)
    assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
    asked, _ = await begin(scene, "/auth/stand")
    assert asked["max_age"] == [str(30 * 24 * 3600)]  # as long as a session lives
    assert "prompt" not in asked


async def test_what_was_proven_just_now_is_fresh(scene: Scene) -> None:
    for address in ("/auth/stand", FRESH):
        _, answer = await begin(scene, address)
        assert (await scene.come_back(answer)).status_code == 303
        assert await is_fresh(scene)


async def test_a_session_is_as_fresh_as_its_proof(scene: Scene) -> None:
    """Who is still signed in at the provider gets in, and no further."""
    an_hour_ago = scene.site.clock.now() - timedelta(hours=1)
    scene.provider.claims = {"auth_time": int(an_hour_ago.timestamp())}
    _, answer = await begin(scene, "/auth/stand")
    assert (await scene.come_back(answer)).headers["location"] == "/"
    assert not await is_fresh(scene)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        (None, "not_fresh"),
        (-3600, "not_fresh"),
        (-130, "not_fresh"),
        (3600, "not_yet"),
        ("now", "malformed"),
    ],
)
async def test_an_old_proof_is_no_new_one(
    scene: Scene, caplog: pytest.LogCaptureFixture, told: int | str | None, cause: str
) -> None:
    now = int(scene.site.clock.now().timestamp())
    claim = now + told if isinstance(told, int) else told
    _, answer = await begin(scene, FRESH)
    scene.provider.claims = {"auth_time": claim}
    page = await scene.come_back(answer)
    assert page.status_code >= 400
    assert "sid" not in scene.browser.cookies
    assert causes(caplog) == [cause]


async def test_the_person_is_told_what_to_do(scene: Scene) -> None:
    _, answer = await begin(scene, FRESH)
    scene.provider.claims = {"auth_time": 1}
    page = await scene.come_back(answer)
    assert page.status_code == 403
    assert "It has to be a new sign-in" in page.text
    assert "Stand did not have you sign in anew." in page.text


async def test_that_it_must_be_new_is_not_the_browsers_to_say(scene: Scene) -> None:
    """Without `fresh` in the address it is an ordinary sign-in, as fresh as its proof."""
    scene.provider.claims = {"auth_time": None}
    _, answer = await begin(scene, "/auth/stand")
    assert (await scene.come_back(answer)).headers["location"] == "/"
    assert not await is_fresh(scene)


@pytest.mark.parametrize("fresh", ["if_told", "proven"])
async def test_a_provider_that_does_not_tell_is_believed_where_the_operator_says_so(
    site: Site, fresh: str
) -> None:
    scene = scene_of(site)
    oidc = {"stand": {**PROVIDER, "fresh": fresh}}
    own = Settings.model_validate({"data_dir": site.settings.data_dir, "oidc": oidc})
    site.app.state.services.identity.openid = OpenIdSignIn(
        own, Keyring({"k": b"k" * 32}), site.clock, scene.provider.transport()
    )
    scene.provider.claims = {"auth_time": None}
    _, answer = await begin(scene, FRESH)
    status = (await scene.come_back(answer)).status_code
    assert status == (303 if fresh == "if_told" else 403)
    assert ("sid" in scene.browser.cookies) is (fresh == "if_told")


async def test_a_session_that_was_there_before_the_sign_in_is_not_the_one_after(
    scene: Scene,
) -> None:
    """Fixation, through a provider: neither a made-up cookie nor one of another's session lives."""
    for planted in ("chosen-by-somebody-else", ""):
        if not planted:  # the attacker's own session, put into the browser of the person
            attacker = await scene.site.signed_in()
            planted = attacker.cookies["sid"]
        scene.browser.cookies.set("sid", planted)
        _, answer = await begin(scene, "/auth/stand")
        scene.browser.cookies.set("sid", planted)
        entered = await scene.come_back(answer)
        given = entered.cookies["sid"]
        assert given != planted
        for cookie, status in ((given, 200), (planted, 401)):
            other = scene.site.browser(accept="application/json")
            other.cookies.set("sid", cookie)
            assert (await other.get("/connect")).status_code == status
        scene.browser.cookies.clear()


async def test_a_cookie_of_an_attempt_is_no_session_and_signs_in_once(scene: Scene) -> None:
    _, answer = await begin(scene, "/auth/stand")
    (name, attempt) = next(iter(scene.browser.cookies.items()))
    assert name.startswith("login-")
    other = scene.site.browser(accept="application/json")
    other.cookies.set("sid", attempt)
    assert (await other.get("/connect")).status_code == 401
    assert (await scene.come_back(answer)).status_code == 303
    other = scene.site.browser(accept="application/json")
    other.cookies.set(name, attempt)
    again = await other.get("/auth/stand/callback", params=answer)
    assert (again.status_code, "sid" in other.cookies) == (400, False)


async def test_a_fresh_sign_in_rotates_the_cookie(scene: Scene) -> None:
    """What was known of the session before the privilege is worth nothing after it."""
    _, answer = await begin(scene, "/auth/stand")
    before = (await scene.come_back(answer)).cookies["sid"]
    _, answer = await begin(scene, FRESH)
    after = (await scene.come_back(answer)).cookies["sid"]
    other = scene.site.browser(accept="application/json")
    other.cookies.set("sid", before)
    assert before != after
    assert (await other.get("/connect")).status_code == 401
