"""A NUL in what is asked: PostgreSQL keeps none, so no route takes one, on either store."""

import httpx2
import pytest

from oo.domain.roles import Role
from oo.store import users
from tests.unit.web.conftest import Site, csrf_of

PROGRAM = {"accept": "application/json", "sec-fetch-site": "same-origin"}


async def admin_of(site: Site) -> httpx2.AsyncClient:
    browser = await site.signed_in(**PROGRAM)
    async with site.db.write() as connection:
        (me,) = (await users.sequences(connection)).keys()
        await users.set_role(connection, me, Role.ADMIN)
    return browser


async def test_no_address_with_one_is_answered(site: Site) -> None:
    browser = await admin_of(site)
    paths = {route.path for route in site.app.router.routes}  # type: ignore[attr-defined]
    assert "/admin/find" in paths
    for path in sorted(paths):
        answer = await browser.get(f"{path.replace('{', '').replace('}', '')}?q=a%00b")
        assert answer.status_code == 422, path
        assert "NUL" in answer.json()["detail"], path
    for path in ("/admin/people/a%00b", "/api/admin/do/look/%00", "/%00"):
        assert (await browser.get(path)).status_code == 404, path


@pytest.mark.parametrize("text", ['{"timezone": "a\\u0000b"}', '{"timezone": {"\\u0000": 1}}'])
async def test_no_body_with_one_is_taken(site: Site, text: str) -> None:
    browser = await site.signed_in(**PROGRAM)
    answer = await browser.put(
        "/api/me/timezone", content=text, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert "NUL" in answer.json()["detail"]


async def test_no_form_with_one_is_taken(site: Site) -> None:
    browser = await admin_of(site)
    form = {
        "csrf": csrf_of(browser),
        "name": "all of them",
        "page": "people",
        "query": "sort=email",
    }
    for name in ("name", "query"):
        answer = await browser.post("/admin/views", data={**form, name: "a\0b"})
        assert answer.status_code == 400, answer.text
        assert "NUL" in answer.json()["detail"]
    assert (await browser.post("/admin/views", data=form)).status_code == 303
