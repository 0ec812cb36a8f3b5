"""Notifications in a real browser: asked for, received with the page closed, acted on, ended."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import delete

from oo.integrations.service import Integrations
from oo.jobs.periodic import close_tasks as close_tasks_job
from oo.kit.clock import SystemClock
from oo.push.service import Push
from oo.store import tables
from oo.store.database import Database
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, chromium
from tests.e2e.pushed import Pushed, pushed

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def there(browser: Browser, tmp_path: Path) -> Iterator[Pushed]:
    with pushed(browser, tmp_path) as found:
        yield found


def allow(there: Pushed) -> None:
    """Say *done* for the first time, and yes to what is asked then."""
    page = there.page
    there.shows_tip()
    assert page.locator("#ask").is_hidden()
    page.keyboard.press("d")
    page.get_by_role("button", name="Notify me").click()
    expect(page.locator("#ask")).to_contain_text("A tip will find you.")


def reacted(there: Pushed, tip: str) -> list[str]:
    return [row.action for row in there.rows(tables.feedback) if row.tip_id == tip]


def errands(there: Pushed) -> int:
    return sum(row.subject == "commands.task.complete" for row in there.rows(tables.outbox))


def test_a_tip_finds_its_person_and_done_from_the_notification_counts_once(
    there: Pushed,
) -> None:
    allow(there)
    (device,) = there.rows(tables.devices)
    assert b"/push/" not in device.address, "the endpoint is sealed"
    tip = there.shows_tip()
    message = there.send(tip)
    there.page.goto("about:blank")
    there.worker().evaluate("navigator.setAppBadge = (count) => { self.badge = count; }")
    there.worker().evaluate("navigator.clearAppBadge = () => { self.badge = 0; }")
    there.deliver(message)
    (shown,) = there.notifications()
    assert shown["body"] == message["notification"]["body"]
    assert shown["actions"] == ["done", "snooze"]
    assert there.worker().evaluate("self.badge") == 1
    there.deliver(message)  # a repetition of the sender's
    assert len(there.notifications()) == 1
    before = errands(there)
    there.press("done")
    assert reacted(there, tip) == ["done"]
    assert errands(there) == before + 1
    assert there.worker().evaluate("self.badge") == 0
    there.deliver(message)
    assert there.notifications() == [], "what was reacted to does not come again"
    outcomes = {row.outcome for row in there.rows(tables.delivery_outcomes)}
    assert outcomes == {"sent", "shown"}


def test_done_from_a_notification_closes_the_task_at_todoist_once(
    browser: Browser, tmp_path: Path
) -> None:
    with pushed(browser, tmp_path, tasks="") as there:
        there.with_push(without_a_list)
        for title in ("Send Mara the contract", "Renew the passport", "Book the dentist"):
            there.todoist.add_task(title, priority=4)
        page = there.page
        page.goto("/connect")
        page.locator("#source-todoist").get_by_role("link", name="Connect").click()
        expect(page.get_by_role("status")).to_have_text("Connected.")
        page.goto("/")
        allow(there)
        tip, task_id = spoken_of(there)
        message = there.send(tip)
        page.goto("about:blank")
        there.deliver(message)
        there.press("done")
        there.deliver(message)  # what is sent again is not shown again, and cannot be pressed
        assert reacted(there, tip) == ["done"]
        assert task_id not in there.todoist.closed
        assert task_id in close_tasks(there)
        closed = list(there.todoist.closed)
        assert close_tasks(there) == closed
        closings = [it for it in there.todoist.requests if it.endswith(f"/{task_id}/close")]
        assert len(closings) == 1


async def without_a_list(push: Push, db: Database) -> None:
    async with db.write() as connection:
        for table in (tables.candidates, tables.tasks):
            await connection.execute(delete(table))


def spoken_of(there: Pushed) -> tuple[str, str]:
    """The tip that the page shows, once it is about a task of Todoist, and the task's id there."""
    for _ in range(12):
        tip = there.shows_tip()
        (row,) = [it for it in there.rows(tables.tip_scores) if it.id == tip]
        if (row.task_id or "").startswith("todoist:"):
            return tip, row.task_id.removeprefix("todoist:")
        there.page.keyboard.press("x")
        there.until(lambda: there.shows_tip() != tip)  # noqa: B023 - it is called within its turn of the loop
    raise AssertionError("no tip is about a task of Todoist")


def close_tasks(there: Pushed) -> list[str]:
    """The ids of the tasks that are closed at Todoist, once the job has had its turn."""

    async def work(push: Push, db: Database) -> None:
        async with httpx2.AsyncClient() as http:
            closes = Integrations.of(there.settings, db, SystemClock(), http)
            await close_tasks_job.run(db, SystemClock(), closes)

    there.with_push(work)
    return there.todoist.closed


def test_a_tap_opens_the_tip_that_it_spoke_of(there: Pushed) -> None:
    allow(there)
    tip = there.shows_tip()
    content = there.page.locator("#content").inner_text()
    message = there.send(tip)
    there.deliver(message)
    assert len(there.notifications()) == 1
    there.page.goto("/connect")
    there.page.goto(message["notification"]["navigate"])
    expect(there.page.locator("#content")).to_have_text(content)
    assert there.page.url == f"{there.address}/"
    there.page.keyboard.press("s")
    there.until(lambda: reacted(there, tip) == ["snooze"])  # the tip leaves before oO has heard
    expect(there.page.locator("#content")).not_to_have_text(content)


def test_a_rotated_key_is_taken_over_at_the_next_load_and_the_old_one_retires(
    there: Pushed,
) -> None:
    allow(there)
    (before,) = there.rows(tables.devices)
    new = there.with_push(lambda push, db: push.keys.rotate())
    tip = there.shows_tip()
    there.send(tip)  # the old key still signs for it
    there.page.goto("/")
    there.shows_tip()
    there.until(
        lambda: [(it.id, it.key_id) for it in there.rows(tables.devices)] == [(before.id, new.id)]
    )
    assert there.with_push(lambda push, db: push.keys.retire()) == 1
    assert [row.id for row in there.rows(tables.vapid_keys)] == [new.id]


def test_a_dead_endpoint_ends_the_device_and_the_browser_hears_of_it(there: Pushed) -> None:
    allow(there)
    tip = there.shows_tip()
    there.service.subscriptions.clear()
    with pytest.raises(AssertionError):
        there.send(tip)
    assert there.rows(tables.devices) == []
    there.page.goto("/connect/devices")
    expect(there.page.get_by_role("button", name="Notify me here")).to_be_visible()
    assert there.page.evaluate("localStorage.length") == 0


def test_the_page_of_devices_adds_tests_and_ends(there: Pushed) -> None:
    page = there.page
    page.goto("/connect/devices")
    if axe.INSTALLED:
        assert axe.violations(page) == []
    page.get_by_role("button", name="Notify me here").click()
    expect(page.locator("[data-here]").first).to_be_visible()
    if axe.INSTALLED:
        assert axe.violations(page) == []
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status").first).to_contain_text("Sent.")
    there.with_push(lambda push, db: push.sender.send_due())
    (message,) = there.messages()
    there.deliver(message)
    (shown,) = there.notifications()
    assert shown["actions"] == []
    page.get_by_role("button", name="Stop here").click()
    expect(page.get_by_role("button", name="Notify me here")).to_be_visible()
    assert there.rows(tables.devices) == []
    assert there.service.subscriptions == {}


def test_signing_out_ends_the_device(there: Pushed) -> None:
    allow(there)
    assert len(there.rows(tables.devices)) == 1
    there.page.goto("/connect")
    there.page.get_by_role("button", name="Sign out").click()
    there.page.wait_for_url("**/sign-in")
    assert there.rows(tables.devices) == []
    assert there.service.subscriptions == {}
