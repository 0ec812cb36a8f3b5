"""One person's requests are counted, by what they cost; nobody else notices."""

import time

import pytest

from oo.kit.errors import TooManyRequests
from oo.kit.settings import Limits
from oo.web.rates import Cost, Rates
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


def allowed_all(rates: Rates, cost: Cost, user_id: str) -> None:
    """Far more requests than pass, also where a second ends among them."""
    for _ in range(20):
        rates.count(cost, user_id)


def test_each_cost_and_each_person_is_counted_apart() -> None:
    rates = Rates(FEW)
    assert [allowed(rates, cost, "ada") for cost in (Cost.PAGE, Cost.HEAVY)] == [3, 1]
    assert [allowed(rates, cost, "bob") for cost in (Cost.PAGE, Cost.HEAVY)] == [3, 1]


def test_after_the_time_that_it_says_it_goes_on() -> None:
    rates = Rates(FEW)
    assert allowed(rates, Cost.TIP, "ada") < 100
    with pytest.raises(TooManyRequests) as refused:
        allowed_all(rates, Cost.TIP, "ada")
    assert refused.value.retry_after == 1
    time.sleep(1.05)
    rates.count(Cost.TIP, "ada")


@pytest.mark.parametrize("path", ["/recommend", "/feedback", "/api/sources/file/undo"])
async def test_too_many_are_a_problem_with_retry_after(site: Site, path: str) -> None:
    site.app.state.rates = Rates(FEW)
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
    site.app.state.rates = Rates(FEW)
    browser = await site.signed_in(Accept="text/html")
    answers = [await browser.get("/connect") for _ in range(5)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert "Go on in" in answers[-1].text
