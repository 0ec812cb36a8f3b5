"""Saved views: everybody of the console opens them; who saved one, or an admin, takes it away."""

import pytest

from tests.unit.admin.conftest import Console

DONE = {"page": "decisions", "name": "What  got done", "query": "range=30d&action=done&page=3"}
ADDRESS = "/admin/decisions?range=30d&action=done"
HTML = {"accept": "text/html"}


async def test_a_view_is_seen_by_all_and_replaced_by_its_name(console: Console) -> None:
    viewer, admin = console.browsers["viewer"], console.admin
    saved = (await viewer.post("/api/admin/views", json=DONE)).json()
    assert (saved["name"], saved["address"], saved["mine"]) == ("What got done", ADDRESS, True)
    (seen,) = (await admin.get("/api/admin/views")).json()["views"]
    assert (seen["id"], seen["mine"]) == (saved["id"], True)
    page = await admin.get("/admin/decisions", headers=HTML)
    assert f'href="{ADDRESS.replace("&", "&amp;")}"' in page.text
    found = await admin.get("/admin/find", params={"q": "got done"})
    assert ADDRESS.replace("&", "&amp;") in found.text
    again = {**DONE, "name": "what got DONE", "query": "action=!done"}
    assert (await viewer.post("/api/admin/views", json=again)).status_code == 200
    (left,) = (await viewer.get("/api/admin/views")).json()["views"]
    assert left["address"] == "/admin/decisions?action=%21done"
    assert (await admin.get(left["address"], headers=HTML)).status_code == 200


async def test_nobody_takes_away_or_replaces_anothers(console: Console) -> None:
    viewer, admin = console.browsers["viewer"], console.admin
    view = (await admin.post("/api/admin/views", json=DONE)).json()
    assert (await viewer.delete(f"/api/admin/views/{view['id']}")).status_code == 403
    assert (await viewer.post("/api/admin/views", json=DONE)).status_code == 409
    assert (await console.browsers["person"].get("/api/admin/views")).status_code == 403
    assert len((await viewer.get("/api/admin/views")).json()["views"]) == 1
    assert (await admin.delete(f"/api/admin/views/{view['id']}")).status_code == 204
    assert (await admin.delete(f"/api/admin/views/{view['id']}")).status_code == 404
    assert (await viewer.get("/api/admin/views")).json() == {"views": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": "nowhere"},
        {"page": "person"},
        {"page": "sql"},  # not for a viewer
        {"query": "range=2y"},
        {"query": "user=person@example.org"},  # it would outlive the account
        {"query": f"user={'0' * 32}"},
        {"name": " "},
        {"name": "x" * 81},
        {"name": "a\nb"},
    ],
)
async def test_what_is_no_view_is_not_saved(console: Console, wrong: dict[str, str]) -> None:
    viewer = console.browsers["viewer"]
    answer = await viewer.post("/api/admin/views", json={**DONE, **wrong})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert (await viewer.get("/api/admin/views")).json() == {"views": []}


async def test_forms_save_and_take_away(console: Console) -> None:
    page = await console.admin.get(ADDRESS, headers=HTML)
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    form = {**DONE, "csrf": token}
    saved = await console.admin.post("/admin/views", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, ADDRESS)
    forged = await console.admin.post("/admin/views", data={**DONE, "csrf": "other"})
    assert forged.status_code == 403
    unnamed = await console.admin.post("/admin/views", data={**form, "name": ""})
    assert unnamed.status_code == 400
    (view,) = (await console.admin.get("/api/admin/views")).json()["views"]
    gone = await console.admin.post("/admin/views", data={"csrf": token, "remove": view["id"]})
    assert (gone.status_code, gone.headers["location"]) == (303, "/admin/decisions")
    assert (await console.admin.get("/api/admin/views")).json() == {"views": []}
