"""Without a network, in a real browser: the last tip, and reactions kept until one is back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from oo.push.service import Push
from oo.store import tables
from oo.store.database import Database
from tests.e2e.browser import CHROMIUM, chromium
from tests.e2e.pushed import Pushed, pushed

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
ONE = "What you did offline was not sent: you had signed out."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    with chromium() as browser, pushed(browser, tmp_path_factory.mktemp("offline")) as found:
        found.shows_tip()
        found.until(lambda: bool(found.context.service_workers))
        yield found


@pytest.fixture
def there(site: Pushed) -> Pushed:
    """Online, before a tip."""
    site.page.goto("about:blank")  # the shell leads to the tip by itself once it is online
    site.context.set_offline(False)
    site.page.goto("/")
    site.shows_tip()
    return site


def reactions(there: Pushed) -> list[tuple[str, str]]:
    return [(row.tip_id, row.action) for row in there.rows(tables.feedback)]


def kept(there: Pushed) -> int:
    """How many reactions the browser keeps."""
    found: int = there.page.evaluate("async () => (await self.outbox.all()).length")
    return found


def keep_the_last_tip(there: Pushed) -> None:
    there.page.goto("/connect/devices")
    with there.page.expect_navigation():
        there.page.get_by_label("Keep the last tip here").click()
    expect(there.page.get_by_label("Keep the last tip here")).to_be_checked()
    there.page.goto("/")


def sign_out_elsewhere(there: Pushed) -> None:
    """As "End all others" of another browser does."""

    async def end(push: Push, db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(delete(tables.sessions))

    there.with_push(end)


def test_the_shell_has_no_tip_of_somebody_who_did_not_allow_it(there: Pushed) -> None:
    there.context.set_offline(True)
    there.page.reload()
    expect(there.page.locator("#content")).to_have_text("You are offline.")
    names = there.worker().evaluate(
        """async () => {
            const caches_ = await Promise.all((await caches.keys()).map((it) => caches.open(it)));
            const requests = await Promise.all(caches_.map((it) => it.keys()));
            return requests.flat().map((it) => new URL(it.url).pathname);
        }"""
    )
    assert {"/offline", "/static/tip.css"} <= set(names)
    assert {it for it in names if not it.startswith("/static/")} == {
        "/offline",
        "/manifest.webmanifest",
    }


def test_a_reaction_that_was_made_offline_is_sent_once_after_the_return(there: Pushed) -> None:
    tip, before = there.shows_tip(), reactions(there)
    there.context.set_offline(True)
    there.page.keyboard.press("d")
    expect(there.page.locator("#content")).to_have_text("You are offline.")
    assert kept(there) == 1
    there.context.set_offline(False)
    there.until(lambda: reactions(there) == [*before, (tip, "done")])
    there.shows_tip()
    assert kept(there) == 0
    there.page.reload()
    there.shows_tip()
    assert reactions(there) == [*before, (tip, "done")]


def test_the_shell_has_the_last_tip_and_keeps_what_is_done_of_it(there: Pushed) -> None:
    keep_the_last_tip(there)
    tip, before = there.shows_tip(), reactions(there)
    content = there.page.locator("#content").inner_text()
    there.until(lambda: bool(there.page.evaluate("async () => await self.outbox.note('last')")))
    there.context.set_offline(True)
    there.page.reload()
    expect(there.page.locator("#content")).to_have_text(content)
    there.page.keyboard.press("d")
    expect(there.page.locator("#content")).to_have_text("Kept.")
    assert reactions(there) == before
    there.page.reload()
    expect(there.page.locator("#content")).to_have_text("You are offline.")
    there.context.set_offline(False)
    there.until(lambda: reactions(there) == [*before, (tip, "done")])
    there.page.wait_for_url("/")  # which the shell goes to by itself
    there.shows_tip()
    assert reactions(there) == [*before, (tip, "done")]


def test_what_was_done_offline_is_dropped_with_a_word_once_its_person_has_signed_out(
    there: Pushed,
) -> None:
    before = reactions(there)
    there.context.set_offline(True)
    there.page.keyboard.press("d")
    expect(there.page.locator("#content")).to_have_text("You are offline.")
    sign_out_elsewhere(there)
    there.context.set_offline(False)
    there.page.wait_for_url("**/sign-in")
    expect(there.page.locator("[data-dropped]")).to_have_text(ONE)
    assert kept(there) == 0
    there.page.reload()
    expect(there.page.locator("[data-dropped]")).to_be_hidden()
    assert reactions(there) == before
