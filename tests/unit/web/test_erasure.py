"""Deleting the account: by its person alone, freshly signed in; access ends at once."""

import httpx2

from oo.jobs.erasing import erase_people
from oo.store.erasure_log import ErasureLog
from tests.unit.web.conftest import Site, csrf_of, site

__all__ = ["site"]  # a fixture
SAME = {"sec-fetch-site": "same-origin"}


async def post(browser: httpx2.AsyncClient, **fields: str) -> httpx2.Response:
    shown = await browser.get("/account/delete")
    assert csrf_of(browser) in shown.text
    form = {"csrf": csrf_of(browser), **fields}
    return await browser.post("/account/delete", data=form, headers=SAME)


async def test_a_person_deletes_their_account_and_follows_the_receipt(site: Site) -> None:
    phone, desktop = await site.signed_in(), await site.signed_in()
    assert "/account/delete" in (await phone.get("/connect")).text
    assert (await post(phone)).status_code == 400
    assert (await desktop.get("/connect")).status_code == 200
    deleted = await post(phone, sure="1")
    assert deleted.status_code == 303
    assert deleted.headers["clear-site-data"] == '"cache", "storage"'
    assert "Max-Age=0" in deleted.headers["set-cookie"]
    for browser in (phone, desktop):
        answer = await browser.get("/connect", headers={"accept": "application/json"})
        assert answer.status_code == 401
    stranger, address = site.browser(), deleted.headers["location"]
    assert "Being erased" in (await stranger.get(address)).text
    assert await erase_people(site.db, site.clock, ErasureLog(site.settings.data_dir)) > 0
    shown = (await stranger.get(address)).text
    assert "Erased" in shown
    receipt = await stranger.get(f"/api/erasures/{address.rpartition('/')[2]}")
    assert receipt.json()["finished_at"] is not None
    assert receipt.json()["counts"]["users"] == 1
    for none in ("/account/erased/x", "/api/erasures/x"):
        assert (await stranger.get(none)).status_code == 404
    again = await site.signed_in()
    assert (await again.get("/connect")).status_code == 200


async def test_a_program_deletes_its_person(site: Site) -> None:
    browser = await site.signed_in()
    assert (await site.browser().delete("/api/me")).status_code == 401
    answer = await browser.delete("/api/me", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    site.clock.advance(601)
    answer = await browser.delete("/api/me", headers=SAME)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")
    assert (await browser.get("/connect")).status_code == 200
    fresh = await site.signed_in()
    answer = await fresh.delete("/api/me", headers=SAME)
    assert answer.status_code == 202
    assert answer.json()["finished_at"] is None
    assert (await browser.get("/api/me", headers={"accept": "application/json"})).status_code != 200
