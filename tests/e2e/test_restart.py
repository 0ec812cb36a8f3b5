"""A reaction that meets a proxy without routes, as at every start, arrives once."""

import pytest
from playwright.sync_api import Route, expect

from tests.conftest import Product
from tests.e2e.browser import CHROMIUM, PHONE, chromium, watch

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.timeout(420),
]

LIST = "- [ ] Water the plants\n- [ ] Call the bank\n- [ ] Write to Ann\n"
NOT_FOUND = "Path '/feedback' not found. Ping http://.../-/routes for available routes."


def test_a_reaction_outlives_a_proxy_that_knows_no_routes(product: Product) -> None:
    keys: list[str] = []
    answers: list[int] = []

    def between(route: Route) -> None:
        """First the proxy that knows no routes, then oO, whose first answer is lost."""
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) <= 2:
            route.fulfill(status=404, content_type="text/plain", body=NOT_FOUND)
            return
        answer = route.fetch()
        answers.append(answer.json()["seq"])
        if len(answers) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    cookie = product.cli("user", "session", "restart@test.test")
    with chromium() as browser:
        # what the page itself sends; what its worker sends does not come by here
        context = browser.new_context(
            viewport=PHONE, base_url=product.base_url, service_workers="block"
        )
        context.set_default_timeout(45_000)
        expect.set_options(timeout=45_000)
        context.add_cookies([{"name": "sid", "value": cookie, "url": product.base_url}])
        page = watch(context).page
        page.goto("/connect")
        page.get_by_label("One task per line").fill(LIST)
        page.get_by_role("button", name="Take the list").click()
        page.route("**/feedback", between)
        page.goto("/")
        expect(page.locator("body")).to_have_attribute("data-state", "tip")
        page.keyboard.press("d")
        expect(page.locator("#content")).to_have_text("One moment.")
        expect(page.locator("body")).to_have_attribute("data-state", "tip")
        assert page.evaluate("localStorage.length") == 0
        context.close()
    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert answers == [1, 1]  # the first reaction of this person, twice the same answer
