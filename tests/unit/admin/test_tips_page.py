"""The page of tips: sums by what tips have in common, with words and kinds of work kept masked."""

from typing import Any

from tests.unit.admin.conftest import Console


async def tables(console: Console, query: str, who: str = "admin") -> dict[str, Any]:
    answer = await console.browsers[who].get(f"/api/admin/tips?{query}")
    assert answer.status_code == 200, answer.text
    return {it["name"]: it["rows"] for it in answer.json()["tables"]}


async def test_shares_of_reactions_have_their_interval_and_add_up(console: Console) -> None:
    for by in ("kind", "language", "prompt", "model", "source", "activity"):
        rows = (await tables(console, f"by={by}"))["slices"]
        assert sum(row["tips"] for row in rows) == len(console.tips), by
        reacted = [row for row in rows if row["reactions"]]
        shares = [row[name] for row in reacted for name in ("done", "snoozed", "dismissed")]
        assert sum(it["value"] * it["n"] for it in shares) == len(console.tips)
        assert all(it["low"] <= it["value"] <= it["high"] for it in shares)
        assert sum(row["stock"] for row in rows) > 0
    (language,) = (await tables(console, "by=language"))["slices"]
    assert language["value"] == "en"


async def test_a_tip_keeps_what_it_is_about_from_the_stock_to_the_log(console: Console) -> None:
    known = {row["value"] for row in (await tables(console, "by=activity"))["slices"]}
    assert known & {"call", "water_plants", "read", "garden", "pay"}, known
    only = (await tables(console, "by=kind&language=!en"))["slices"]
    assert only == []


async def test_texts_are_masked_until_the_admin_says_why(console: Console) -> None:
    for show in ("served", "stock"):
        rows = (await tables(console, f"show={show}"))["tips"]
        assert rows
        assert {row["text"] for row in rows} == {None}
    look = {"reason": "a person asked why"}
    key = {"idempotency-key": "look-look-look"}
    done = await console.admin.post(f"/api/admin/do/look/{console.ada}", json=look, headers=key)
    assert done.status_code == 200
    for show in ("served", "stock"):
        mine = (await tables(console, f"show={show}"))["tips"]
        assert all(row["text"] for row in mine)
        theirs = (await tables(console, f"show={show}", "viewer"))["tips"]
        assert {row["text"] for row in theirs} == {None}


async def test_whose_work_is_of_a_kind_is_told_to_nobody(console: Console) -> None:
    every = (await tables(console, "by=activity"))["slices"]
    for row in every:
        found = await tables(console, f"activity={row['value']}")
        assert sum(it["tips"] for it in found["slices"]) == row["tips"]
        assert found["tips"] == []
    listed = (await tables(console, "show=stock"))["tips"]
    assert "activity" not in listed[0]


async def test_a_person_is_named_by_their_address(console: Console) -> None:
    mine = await tables(console, "user=person@example.org")
    assert len(mine["tips"]) == len(console.tips)
    assert (await tables(console, "user=!person@example.org"))["tips"] == []
