"""Pages: filters are in the address, the CSV is the table, words are masked, HTML is text."""

import csv
import io

import pytest

from tests.unit.admin.conftest import TITLES, Console


async def rows(console: Console, address: str, table: str = "") -> list[dict[str, object]]:
    answer = await console.admin.get(f"/api/admin/{address}")
    assert answer.status_code == 200, answer.text
    tables = answer.json()["tables"]
    found = next(it for it in tables if table in ("", it["name"]))
    return list(found["rows"])


async def test_a_filter_keeps_rows_and_its_opposite_the_others(console: Console) -> None:
    every = await rows(console, "decisions")
    done = await rows(console, "decisions?action=done")
    others = await rows(console, "decisions?action=!done")
    assert {row["action"] for row in done} == {"done"}
    assert len(done) + len(others) == len(every) == len(console.tips)
    none = await rows(console, "decisions?action=none")
    assert none == []
    mine = await rows(console, "decisions?user=person@example.org")
    assert len(mine) == len(every)
    assert await rows(console, "decisions?user=!person@example.org") == []


async def test_the_csv_is_what_is_seen(console: Console) -> None:
    asked = "range=24h&action=!dismiss&sort=-reward&columns=action,reward,email"
    seen = await rows(console, f"decisions?{asked}")
    answer = await console.admin.get(f"/admin/decisions/export.csv/decisions?{asked}")
    assert answer.headers["content-type"].startswith("text/csv")
    told = list(csv.DictReader(io.StringIO(answer.text)))
    assert [list(row) for row in told] == [["action", "reward", "email"]] * len(seen)
    assert [row["action"] for row in told] == [row["action"] for row in seen]
    assert [float(row["reward"]) for row in told] == [row["reward"] for row in seen]
    page = await console.admin.get(f"/admin/decisions?{asked}", headers={"accept": "text/html"})
    assert page.text.count("<tr data-peek=") == len(seen)
    assert f"export.csv/decisions?{asked.split('&')[0]}" in page.text


async def test_what_a_page_cannot_be_asked_is_said(console: Console) -> None:
    for asked in ("range=2y", "nothing=1", "page=0", "columns=A%20B", "sort=;x", "since=never"):
        answer = await console.admin.get(f"/api/admin/decisions?{asked}")
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed"), asked
    for asked in ("until=0001-01-01T00:00:00%2B14:00", "since=9999-12-31T23:59:59-12:00"):
        for address in ("quality", "decisions", "events"):
            answer = await console.admin.get(f"/api/admin/{address}?{asked}")
            assert answer.status_code in (200, 400), (address, asked)
    turned = "since=2026-11-21T10:00:00Z&until=2026-11-20T10:00:00Z"
    assert (await console.admin.get(f"/api/admin/decisions?{turned}")).status_code == 400


def named(text: str) -> list[str]:
    """Which of the tasks a page speaks of."""
    return [word for word in ("bank", "Water", "contract", "HYPERLINK") if word in text]


async def test_words_are_masked_until_the_admin_says_why(console: Console) -> None:
    tip = console.tips[0]
    addresses = [f"people/{console.ada}", f"decisions/{tip}", "decisions", "overview"]
    for address in addresses:
        page = await console.admin.get(f"/admin/{address}", headers={"accept": "text/html"})
        told = await console.admin.get(f"/api/admin/{address}")
        assert page.status_code == told.status_code == 200
        for text in (page.text, told.text):
            assert not named(text)
    look = {"reason": "a person asked why"}
    key = {"idempotency-key": "look-look-look"}
    answer = await console.admin.post(f"/api/admin/do/look/{console.ada}", json=look, headers=key)
    assert answer.status_code == 200, answer.text
    page = await console.admin.get(f"/admin/people/{console.ada}", headers={"accept": "text/html"})
    assert named(page.text)
    (entry,) = await rows(console, "audit?action=text.look")
    assert (entry["why"], entry["whom"]) == ("a person asked why", f"person:{console.ada}")
    viewer = await console.browsers["viewer"].get(f"/admin/people/{console.ada}")
    assert not named(viewer.text)
    console.site.clock.advance(15 * 60)
    page = await console.admin.get(f"/admin/people/{console.ada}", headers={"accept": "text/html"})
    assert not named(page.text)


async def test_what_people_write_is_text(console: Console) -> None:
    key = {"idempotency-key": "look-look-look"}
    look = {"reason": "<img src=x onerror=alert(1)>"}
    await console.admin.post(f"/api/admin/do/look/{console.ada}", json=look, headers=key)
    for address in (f"people/{console.ada}", "audit", "people?text=%3Cscript%3E"):
        page = await console.admin.get(f"/admin/{address}", headers={"accept": "text/html"})
        assert "<script>x" not in page.text
        assert "<img" not in page.text
        assert "<b>bank" not in page.text
    assert "&lt;img" in page.text or "&lt;script&gt;" in page.text
    told = await console.admin.get(f"/admin/people/{console.ada}/export.csv/tips")
    cells = [cell for line in csv.reader(io.StringIO(told.text)) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    assert TITLES


async def test_a_decision_adds_up_and_is_drawn_again(console: Console) -> None:
    answer = await console.admin.get(f"/api/admin/decisions/{console.tips[-1]}?replay=true")
    told = answer.json()
    added = next(it for it in told["tables"] if it["name"] == "contributions")["rows"]
    assert sum(row["amount"] for row in added) == pytest.approx(told["facts"]["expected"])
    assert told["facts"]["replay"]["same"] is True
    candidates = next(it for it in told["tables"] if it["name"] == "candidates")["rows"]
    assert sum(row["propensity"] for row in candidates) == pytest.approx(1.0)
    assert [row["picked"] for row in candidates].count("picked") == 1


async def test_a_page_part_is_for_the_panel(console: Console) -> None:
    part = await console.admin.get(
        f"/admin/decisions/{console.tips[0]}", headers={"hx-request": "true"}
    )
    assert "<html" not in part.text
    assert "peek-head" in part.text


async def test_the_palette_finds_pages_and_people(console: Console) -> None:
    for text, found in (("polic", "/admin/policies"), ("person@", f"/admin/people/{console.ada}")):
        answer = await console.admin.get("/admin/find", params={"q": text})
        assert f'href="{found}"' in answer.text
    nothing = await console.admin.get("/admin/find", params={"q": "<b>nobody"})
    assert "Nothing is called" in nothing.text
    assert "<b>nobody" not in nothing.text


async def test_a_stranger_is_led_back_after_sign_in(console: Console) -> None:
    nobody = console.site.browser(accept="text/html")
    answer = await nobody.get("/admin/policies")
    assert answer.headers["location"] == "/sign-in?next=/admin/policies"


async def test_the_funnel_counts_who_got_that_far(console: Console) -> None:
    funnel = await rows(console, "overview?range=30d", "funnel")
    assert [row["people"] for row in funnel] == [3, 1, 1, 1, 0]
    reactions = await rows(console, "overview?range=30d", "reactions")
    assert sum(int(str(row["count"])) for row in reactions) == len(console.tips)
