"""Google-style and Apple-style sign-in in a browser, against real OpenID providers.

Apple's stands on another site than oO, so that its form brings no cookie that is not meant to come.
"""

from collections.abc import Iterator

import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page, expect

from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, PHONE, Watched, chromium, watch
from tests.peers.oidc import CLIENT_ID, CLIENT_SECRET, INSTALLED, openid_provider
from tests.peers.serving import free_port, served
from tests.unit.web.served import Served

OWN_MACHINE = {"own_networks": ["127.0.0.0/8", "::1/128"]}

pytestmark = [
    pytest.mark.skipif(not (INSTALLED and CHROMIUM.exists()), reason="needs npm ci and chromium"),
    pytest.mark.timeout(120),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of oO with both providers."""
    port, key = free_port(), ECKey.generate_key("P-256")
    address = f"http://127.0.0.1:{port}"
    public = key.as_pem(private=False).decode()
    with (
        openid_provider(f"{address}/auth/google/callback") as google,
        openid_provider(
            f"{address}/auth/apple/callback", host="localhost", secret_key=public
        ) as apple,
    ):
        oidc = {
            "google": {
                "issuer": google,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "hosted_domain": "example.org",
            },
            "apple": {
                "issuer": apple,
                "client_id": CLIENT_ID,
                "team_id": "TEAM",
                "key_id": "KEY",
                "private_key": key.as_pem(private=True).decode(),
            },
        }
        app = Served(
            tmp_path_factory.mktemp("oo"), address, {"oidc": oidc, "outgoing": OWN_MACHINE}
        )
        with served(app, port):
            yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def watched(browser: Browser, site: str) -> Iterator[Watched]:
    context = browser.new_context(viewport=PHONE, base_url=site)
    context.route("https://fonts.googleapis.com/**", lambda route: route.abort())  # the peer's
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    opened = watch(context)
    yield opened
    assert opened.faults == []
    context.close()


def sign_in_there(page: Page, login: str) -> None:
    """At the provider: who it is, and yes."""
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()


@pytest.mark.parametrize("title", ["Google", "Apple"])
def test_sign_in_and_cancel(watched: Watched, site: str, title: str) -> None:
    page = watched.page
    page.goto("/sign-in")
    page.get_by_role("link", name=f"Continue with {title}").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading")).to_have_text("Sign-in was cancelled")
    page.get_by_role("link", name="Back to sign-in").click()
    page.get_by_role("link", name=f"Continue with {title}").click()
    sign_in_there(page, "ada")
    page.wait_for_url(f"{site}/")
    kept = {it["name"]: it for it in page.context.cookies() if it["domain"] == "127.0.0.1"}
    assert kept["sid"]["sameSite"] == "Lax"
    assert [name for name in kept if name.startswith("login-")] == []


def test_an_account_of_another_organisation_is_not_let_in(watched: Watched) -> None:
    page = watched.page
    page.goto("/auth/google")
    sign_in_there(page, "guest")
    expect(page.get_by_role("heading")).to_have_text("This account is not let in")
    assert "sid" not in {it["name"] for it in page.context.cookies()}


def test_a_second_provider_is_added_and_signs_in(watched: Watched, site: str) -> None:
    page = watched.page
    page.goto("/auth/google?next=/connect")
    sign_in_there(page, "grace")
    page.get_by_role("link", name="Ways to sign in").click()
    page.get_by_role("link", name="Add Apple").click()
    sign_in_there(page, "g.hopper")
    expect(page.get_by_role("status")).to_contain_text("Added.")
    both = page.get_by_role("list").first
    expect(both).to_contain_text("grace@example.org")
    expect(both).to_contain_text("g.hopper@example.org")
    assert axe.violations(page) == []
    # an account of somebody else is not added
    page.context.clear_cookies(domain="localhost")
    page.get_by_role("link", name="Add Apple").click()
    sign_in_there(page, "ada")
    expect(page.get_by_role("heading")).to_have_text("This account belongs to somebody else here")
    page.context.clear_cookies()
    page.goto("/auth/apple?next=/identities")
    sign_in_there(page, "g.hopper")
    expect(page.get_by_role("list").first).to_contain_text("grace@example.org")
    page.get_by_role("button", name="Remove Google").click()
    expect(page.get_by_role("status")).to_contain_text("Removed.")
    expect(page.get_by_role("list").first).not_to_contain_text("grace@example.org")
    assert page.get_by_role("button", name="Remove").count() == 0
