"""What becomes of a *done* whose task cannot be ticked off at its source right now."""

from dataclasses import dataclass

import httpx2
import pytest
from sqlalchemy import select

from oo.domain.rewards import Action
from oo.jobs.periodic import close_tasks
from oo.recommend.reactions import ReactionRequest, Reactions
from oo.store import users
from oo.store.tables import outbox
from tests.unit.recommend.conftest import candidate, serve_tip
from tests.unit.web.conftest import Site, csrf_of, site

__all__ = ["site"]  # a fixture

HOUR = 3600
SAME = {"sec-fetch-site": "same-origin"}
DAY = 24 * HOUR
DAILY = {"date": "2026-11-21", "string": "every day", "lang": "en", "is_recurring": True}


@dataclass
class Person:
    """Somebody who has connected Todoist."""

    site: Site
    browser: httpx2.AsyncClient
    id: str

    async def connect(self) -> None:
        """Connect, or connect again."""
        start = await self.browser.get("/connect/todoist/start", headers=SAME)
        consent = await self.site.provider.get(start.headers["location"])
        back = httpx2.URL(consent.headers["location"]).raw_path.decode()
        answer = await self.browser.get(back, headers={"sec-fetch-site": "cross-site"})
        assert answer.headers["location"] == "/connect?notice=connected"

    async def page(self) -> str:
        """The connect page."""
        return (await self.browser.get("/connect")).text

    async def open(self) -> list[str]:
        """Titles of the open tasks, read again where it is time to."""
        services = self.site.app.state.services
        return [task.title for task in await services.integrations.open_tasks(self.id)]

    async def done(self, number: str) -> None:
        """Say *done* to a tip about a task."""
        db, clock = self.site.db, self.site.clock
        tip = await serve_tip(db, clock, self.id, candidate(clock, f"todoist:{number}"))
        request = ReactionRequest(self.id, tip, Action.DONE, 900, f"done {tip}")
        await Reactions(db, clock).accept(request)

    async def work(self, seconds: int = 1, step: int = 1) -> None:
        """Let the job run every `step` seconds for so long."""
        for _ in range(0, seconds, step):
            services = self.site.app.state.services
            await close_tasks.run(self.site.db, self.site.clock, services.integrations)
            self.site.clock.advance(step)

    async def ends(self) -> list[str | None]:
        """How the person's errands ended; None for those that have not."""
        query = select(outbox.c.outcome).where(
            outbox.c.user_id == self.id, outbox.c.subject == "commands.task.complete"
        )
        async with self.site.db.read() as connection:
            return list((await connection.execute(query.order_by(outbox.c.id))).scalars())

    def asked_to_close(self) -> int:
        """How often Todoist was asked to close a task."""
        return sum(request.endswith("/close") for request in self.site.peer.requests)


@pytest.fixture
async def ada(site: Site) -> Person:
    browser = await site.signed_in()
    async with site.db.read() as connection:
        (user_id,) = await users.sequences(connection)
    person = Person(site, browser, user_id)
    await person.connect()
    return person


async def read(person: Person, *titles: str) -> list[str]:
    """New tasks at Todoist, by their numbers, which oO has read."""
    numbers = [person.site.peer.add_task(title) for title in titles]
    person.site.clock.advance(31)
    assert set(titles) <= set(await person.open())
    return numbers


async def test_a_done_waits_until_the_person_connects_again(ada: Person) -> None:
    peer = ada.site.peer
    numbers = await read(ada, "Write to Mara", "Pay rent")
    peer.access.clear()
    peer.refresh.clear()
    for number in numbers:
        await ada.done(number)
    await ada.work(120)
    text = "2 finished tasks will be ticked off at Todoist after you connect again."
    assert text in await ada.page()
    peer.requests.clear()
    await ada.work(3 * DAY, step=HOUR // 2)
    assert peer.requests == []
    assert await ada.ends() == [None, None]
    await ada.connect()
    assert await ada.open() == []  # what is still to be ticked off has not been reopened
    ada.site.clock.advance(1)
    await ada.work(2)
    assert peer.closed == numbers
    assert await ada.ends() == ["done", "done"]
    ada.site.clock.advance(HOUR)
    assert await ada.open() == []
    assert text not in await ada.page()


async def test_while_it_does_not_answer_it_is_asked_ever_more_seldom(ada: Person) -> None:
    (number,) = await read(ada, "Write to Mara")
    ada.site.peer.close_fails = 503
    await ada.done(number)
    for _ in range(12):
        await ada.work(HOUR, step=10)
        assert await ada.open() == []  # read again each time, and told as open there
    tries = ada.asked_to_close()
    assert 3 * 10 <= tries <= 3 * 24  # each of them is repeated twice at once
    assert "1 finished task will be ticked off at Todoist as soon as it answers." in (
        await ada.page()
    )
    ada.site.peer.close_fails = None
    await ada.work(HOUR, step=60)
    assert ada.site.peer.closed == [number]
    assert await ada.ends() == ["done"]


async def test_what_is_refused_for_good_is_given_up_and_said(ada: Person) -> None:
    first, second = await read(ada, "Write to <Mara>", "Pay rent")
    ada.site.peer.close_fails = 400
    await ada.done(first)
    await ada.work(1)
    ada.site.peer.close_fails = None
    await ada.done(second)
    await ada.work(60)
    assert await ada.ends() == ["given_up", "done"]
    assert "“Write to &lt;Mara&gt;” could not be ticked off at Todoist." in await ada.page()
    ada.site.clock.advance(HOUR)
    assert await ada.open() == ["Write to <Mara>"]
    await ada.done(first)
    await ada.work(1)
    assert "could not be ticked off" not in await ada.page()


async def test_after_fourteen_days_it_is_given_up(ada: Person) -> None:
    (number,) = await read(ada, "Write to Mara")
    ada.site.peer.close_fails = 503
    await ada.done(number)
    await ada.work(14 * DAY - HOUR, step=HOUR)
    assert await ada.ends() == [None]
    await ada.work(3 * HOUR, step=HOUR)
    assert await ada.ends() == ["given_up"]


async def test_a_turn_that_has_moved_on_meanwhile_is_superseded(ada: Person) -> None:
    number = ada.site.peer.add_task("Stretch", due=DAILY)
    ada.site.clock.advance(31)
    await ada.open()
    ada.site.peer.close_fails = 503
    await ada.done(number)
    await ada.work(1)
    ada.site.peer.tasks[number]["due"] = {**DAILY, "date": "2026-11-22"}
    ada.site.peer.close_fails = None
    ada.site.clock.advance(120)
    assert await ada.open() == ["Stretch"]
    await ada.work(1)
    assert await ada.ends() == ["superseded"]
    assert ada.site.peer.tasks[number]["due"]["date"] == "2026-11-22"


async def test_disconnecting_ends_what_waits(ada: Person) -> None:
    (number,) = await read(ada, "Write to Mara")
    ada.site.peer.close_fails = 503
    await ada.done(number)
    await ada.work(1)
    form = {"csrf": csrf_of(ada.browser)}
    await ada.browser.post("/connect/todoist/disconnect", data=form, headers=SAME)
    await ada.work(120, step=30)
    assert await ada.ends() == ["superseded"]
