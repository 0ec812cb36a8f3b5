"""The border for reactions over HTTP."""

import re

import pytest

from oo.recommend.outcomes import OWN_KEY
from tests.unit.web.conftest import Site


@pytest.mark.parametrize("key", ["", "k" * 201, f"{OWN_KEY}missed:{'0' * 32}", "a\tb"])
async def test_a_key_that_people_may_not_choose_is_refused(site: Site, key: str) -> None:
    browser = await site.signed_in()
    answer = await browser.post("/feedback", json={}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_behind_the_key_the_body_is_looked_at(site: Site) -> None:
    browser = await site.signed_in()
    answer = await browser.post("/feedback", json={}, headers={"Idempotency-Key": "k" * 200})
    assert answer.status_code == 422


async def test_a_page_of_another_person_acts_for_nobody(site: Site) -> None:
    browser = await site.signed_in()
    (person,) = re.findall(r'data-person="(\w+)"', (await browser.get("/")).text)
    for path in ("/recommend", "/feedback", "/api/tips/" + "0" * 32 + "/seen"):
        answer = await browser.post(path, json={}, headers={"X-Person": "0" * 32})
        assert (answer.status_code, answer.json()["code"]) == (403, "other_person")
    answer = await browser.post("/recommend", json={}, headers={"X-Person": person})
    assert answer.status_code == 200
