"""A person with a list of their own, signed in by the console's link, and scripts beside them."""

import httpx2
import pytest
from playwright.sync_api import Route, expect

from tests.conftest import Product
from tests.e2e.browser import CHROMIUM, DESKTOP, chromium, watch

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.timeout(420),
]

LIST = "- [ ] Water the plants\n* Call the bank\n- [x] Done before\n3. Write to Ann\n"


def test_a_pasted_list_brings_tips_and_scripts_get_them_too(product: Product) -> None:
    with chromium() as browser:
        context = browser.new_context(viewport=DESKTOP, base_url=product.base_url)
        context.set_default_timeout(45_000)
        expect.set_options(timeout=45_000)
        watched = watch(context)
        page = watched.page
        link = product.cli("login")
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{product.base_url}/")

        page.goto("/connect")
        page.get_by_label("One task per line").fill(LIST)
        page.get_by_role("button", name="Take the list").click()
        expect(page.get_by_role("status")).to_contain_text("3 taken.")
        expect(page.get_by_role("status")).to_contain_text("Read as")
        expect(page.locator("#source-file")).to_contain_text("3 open tasks")
        long = {"name": "long.txt", "mimeType": "text/plain", "buffer": b"word\n" * 10_000}
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/static/connect.js", hold)
        page.reload(wait_until="commit")
        page.locator("#source-file input[type=file]").set_input_files(long)  # type: ignore[arg-type]
        page.wait_for_timeout(500)  # the file is there before the script
        assert held
        for route in held:
            route.continue_()
        expect(page.locator("[data-filename]")).to_have_text("long.txt")
        page.get_by_role("button", name="Take the list").click()
        expect(page.get_by_role("alert")).to_contain_text("more than 5000 lines")

        page.get_by_role("link", name="Back to the tip").click()
        expect(page.locator("body")).to_have_attribute("data-state", "tip")
        first = page.locator("#content").inner_text()
        page.keyboard.press("d")
        expect(page.locator("#content")).not_to_have_text(first)
        expect(page.locator("body")).to_have_attribute("data-state", "tip")
        (cookie,) = [it for it in context.cookies() if it["name"] == "sid"]
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        assert watched.faults == []
        assert [url for url in watched.requests if not url.startswith(product.base_url)] == []

        used = page.goto(link)
        assert used is not None
        assert used.status == 410
        context.close()
    check_scripts(product.base_url, cookie["value"])


def check_scripts(base_url: str, cookie: str) -> None:
    with httpx2.Client(base_url=base_url, headers={"cookie": f"sid={cookie}"}) as script:
        answer = script.post("/recommend", json={}, timeout=30)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        tip = answer.json()["tip"]
        body = {"tip_id": tip["id"], "action": "snooze", "dwell_ms": 1200}
        for _ in range(2):
            reaction = script.post("/feedback", json=body, headers={"idempotency-key": "k1"})
            assert reaction.status_code == 200
        evil = {"origin": "https://evil.example"}
        assert script.post("/recommend", json={}, headers=evil).status_code == 403
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert script.post("/auth/sign-out", headers=form).status_code == 403
        assert script.get("/connect").status_code == 200
        huge = script.post(
            "/connect/file/import",
            content=b"x" * (3 * 1024 * 1024),
            headers={**form, "sec-fetch-site": "same-origin"},
        )
        assert huge.status_code == 413
