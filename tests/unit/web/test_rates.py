"""One person's requests are counted, by what they cost; nobody else notices."""

import asyncio
import contextlib
import threading

import httpx2
import pytest

from oo.kit.clock import ManualClock, SystemClock
from oo.kit.errors import TooManyRequests
from oo.kit.setting_groups import Limits
from oo.store.sessions import SessionRow
from oo.web.rates import REMEMBERED, Cost, Rates, address_of
from tests.bench.seed import add_person, add_session
from tests.unit.web.conftest import Site

FEW = Limits(tips_per_second=2, pages_per_minute=3, heavy_per_minute=1)


def allowed(rates: Rates, cost: Cost, user_id: str) -> int:
    """How many requests pass before one is refused."""
    for count in range(100):
        try:
            rates.count(cost, user_id)
        except TooManyRequests:
            return count
    return 100


def test_each_cost_and_each_person_is_counted_apart(clock: ManualClock) -> None:
    rates = Rates(FEW, clock)
    assert [allowed(rates, cost, "ada") for cost in (Cost.PAGE, Cost.HEAVY)] == [3, 1]
    assert [allowed(rates, cost, "bob") for cost in (Cost.PAGE, Cost.HEAVY)] == [3, 1]


def test_after_the_time_that_it_says_it_goes_on(clock: ManualClock) -> None:
    rates = Rates(FEW, clock)
    assert allowed(rates, Cost.PAGE, "ada") == 3
    clock.advance(20.5)
    with pytest.raises(TooManyRequests) as refused:
        rates.count(Cost.PAGE, "ada")
    assert refused.value.retry_after == 40
    clock.advance(39.4)
    assert allowed(rates, Cost.PAGE, "ada") == 0
    clock.advance(0.2)
    assert allowed(rates, Cost.PAGE, "ada") == 3


def test_windows_that_have_ended_are_forgotten(clock: ManualClock) -> None:
    rates = Rates(FEW, clock)
    for number in range(3 * REMEMBERED):
        clock.advance(0.001)
        rates.count(Cost.TIP, f"person {number}")
    assert len(rates._windows) <= REMEMBERED
    assert allowed(rates, Cost.TIP, f"person {3 * REMEMBERED - 1}") == 1


def test_counting_starts_no_thread(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise AssertionError(f"{thread} is started on the request path")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    rates = Rates(FEW, clock)
    assert allowed(rates, Cost.TIP, "ada") == 2


async def somebody_else(site: Site) -> httpx2.AsyncClient:
    """A browser of another person than the local one, who has a list."""
    clock = SystemClock()
    async with site.db.write() as connection:
        cookie = await add_session(connection, clock, await add_person(connection, clock, "else"))
    browser = site.browser()
    browser.cookies.set("sid", cookie)
    return browser


def test_a_session_that_was_refused_is_known_until_its_window_ends(clock: ManualClock) -> None:
    rates = Rates(FEW, clock)
    rates.look(Cost.PAGE, "her phone")
    assert not rates.refuses
    for _ in range(3):
        rates.count(Cost.PAGE, "ada", "her phone")
    rates.look(Cost.PAGE, "her phone")
    with pytest.raises(TooManyRequests):
        rates.count(Cost.PAGE, "ada", "her phone")
    assert rates.refuses
    clock.advance(59.5)
    with pytest.raises(TooManyRequests) as refused:
        rates.look(Cost.PAGE, "her phone")
    assert refused.value.retry_after == 1
    rates.look(Cost.TIP, "her phone")
    rates.look(Cost.PAGE, "his phone")
    clock.advance(0.6)
    rates.look(Cost.PAGE, "her phone")
    assert not rates.refuses


def test_refused_sessions_are_forgotten(clock: ManualClock) -> None:
    rates = Rates(Limits(tips_per_second=0), clock)
    for number in range(REMEMBERED + 2_000):
        with pytest.raises(TooManyRequests):
            rates.count(Cost.TIP, f"person {number}", f"session {number}")
        clock.advance(0.001)
    assert len(rates._refused) <= 3_000


def test_so_many_of_one_person_are_under_way(clock: ManualClock) -> None:
    rates = Rates(Limits(tips_at_once=2), clock)
    with rates.one_more("ada"):
        with rates.one_more("ada"):
            with pytest.raises(TooManyRequests) as refused, rates.one_more("ada"):
                pass
            with rates.one_more("bob"):
                pass
        with contextlib.suppress(ValueError), rates.one_more("ada"):
            raise ValueError
        with rates.one_more("ada"):
            pass
    assert refused.value.retry_after == 1
    assert not rates._under_way


async def test_who_goes_on_is_refused_without_a_look_at_the_store(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.app.state.rates = Rates(FEW, site.clock)
    hot, other = await site.signed_in(), await somebody_else(site)
    headers = {"Sec-Fetch-Site": "same-origin"}
    looks = 0
    accounts = site.app.state.services.accounts
    find = accounts.of

    async def counted(cookie: str | None) -> SessionRow:
        nonlocal looks
        looks += 1
        found: SessionRow = await find(cookie)
        return found

    monkeypatch.setattr(accounts, "of", counted)
    for path in ("/recommend", "/feedback"):
        statuses = [(await hot.post(path, headers=headers)).status_code for _ in range(20)]
        assert statuses[-15:] == [429] * 15
    assert looks == 3
    assert (await other.post("/recommend", headers=headers)).status_code == 200
    site.clock.advance(1.0)
    assert (await hot.post("/recommend", headers=headers)).status_code == 200


async def test_one_person_fills_no_batch(site: Site) -> None:
    site.app.state.rates = Rates(Limits(tips_at_once=3), site.clock)
    hot, other = await site.signed_in(), await somebody_else(site)
    headers = {"Sec-Fetch-Site": "same-origin"}
    asked = [hot.post("/recommend", headers=headers) for _ in range(10)]
    *answers, neighbour = await asyncio.gather(*asked, other.post("/recommend", headers=headers))
    assert sorted(it.status_code for it in answers) == [200] * 3 + [429] * 7
    assert neighbour.status_code == 200
    assert (await hot.post("/recommend", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/recommend", "/feedback", "/api/sources/file/undo"])
async def test_too_many_are_a_problem_with_retry_after(site: Site, path: str) -> None:
    site.app.state.rates = Rates(FEW, site.clock)
    browser = await site.signed_in()
    headers = {"Sec-Fetch-Site": "same-origin", "Idempotency-Key": "k"}
    answers = [await browser.post(path, headers=headers) for _ in range(40)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "too_many_requests"
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert "content-security-policy" in refused[0].headers
    assert answers[0].status_code != 429


async def test_a_person_sees_a_calm_page(site: Site) -> None:
    site.app.state.rates = Rates(FEW, site.clock)
    browser = await site.signed_in(Accept="text/html")
    answers = [await browser.get("/connect") for _ in range(5)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert "Go on in" in answers[-1].text


@pytest.mark.parametrize(
    ("host", "stands_for"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("127.0.0.3", "127.0.0.3"),
        ("::1", "::1"),
        ("a name", "a name"),
    ],
)
def test_an_address_stands_for_a_household(host: str, stands_for: str) -> None:
    assert address_of((host, 1)) == stands_for


def from_address(
    site: Site, host: str, cookies: httpx2.Cookies | None = None
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=site.app, client=(host, 1)),
        base_url=site.settings.base_url,
        cookies=cookies,
        headers={"Sec-Fetch-Site": "same-origin"},
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.3", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_no_stranger(clock: ManualClock, host: str) -> None:
    rates = Rates(Limits(strangers_per_minute=1), clock)
    for _ in range(9):
        rates.arrived((host, 1))
    rates.arrived(("203.0.113.7", 1))
    with pytest.raises(TooManyRequests):
        rates.arrived(("203.0.113.7", 2))


async def test_strangers_are_counted_by_their_address_and_people_are_not(site: Site) -> None:
    site.app.state.rates = Rates(Limits(strangers_per_minute=5), site.clock)
    person = await site.signed_in()
    async with (
        from_address(site, "2001:db8::1", person.cookies) as known,
        from_address(site, "2001:db8::2", httpx2.Cookies({"sid": "guessed"})) as guessing,
        from_address(site, "2001:db8::3") as stranger,
        from_address(site, "2001:db8:0:1::1") as other,
    ):
        for _ in range(9):
            assert (await known.get("/connect")).status_code == 200
        asked = [await guessing.get("/api/sources"), await guessing.post("/recommend")]
        asked += [await stranger.get(it) for it in ("/sign-in", "/static/tip.js", "/nowhere")]
        assert not [it for it in asked if it.status_code == 429]
        for browser in (guessing, stranger):
            refused = await browser.get("/sign-in", headers={"accept": "text/html"})
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
            assert "content-security-policy" in refused.headers
        assert (await stranger.get("/health/ready")).status_code == 200
        assert (await other.get("/sign-in")).status_code == 200
        assert (await known.get("/connect")).status_code == 200
        site.clock.advance(60)
        assert (await stranger.get("/sign-in")).status_code == 200
