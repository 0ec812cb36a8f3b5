"""What changed on a day: who did what is told with its effect, on the clock of who looks."""

from datetime import timedelta
from typing import Any

from oo.domain.policies import PolicyRef
from oo.store import policies
from oo.store.policies import IN_FORCE, Change
from tests.unit.admin.conftest import Console

DAY = "2026-11-21"


async def tables(console: Console, address: str) -> dict[str, list[dict[str, Any]]]:
    answer = await console.admin.get(f"/api/admin/{address}")
    assert answer.status_code == 200, answer.text
    return {it["name"]: it["rows"] for it in answer.json()["tables"]}


async def test_a_promotion_is_told_on_its_day_and_on_no_other(console: Console) -> None:
    actor = f"person:{console.people['admin']}"
    change = Change(
        PolicyRef("lints", "1"), IN_FORCE, actor, "better", {}, console.site.clock.now()
    )
    async with console.site.db.write() as connection:
        await policies.record(connection, change)
    found = await tables(console, f"changes?day={DAY}")
    (row,) = found["decided"]
    assert (row["action"], row["by"], row["why"]) == (
        "policy.in_force",
        "admin@example.org",
        "better",
    )
    assert row["after"] == "in_force lints@1"
    assert (
        found["numbers"][0] | {"what": "Tips", "value": str(len(console.tips))}
        == (found["numbers"][0])
    )
    assert sum(row["tips"] for row in found["by-policy"]) == len(console.tips)
    page = await console.admin.get(f"/admin/changes?day={DAY}", headers={"accept": "text/html"})
    assert "lints@1 decides" in page.text
    assert "The day is not over" in page.text
    other = await tables(console, "changes?day=2026-11-20")
    assert (other["decided"], other["by-policy"]) == ([], [])
    console.site.clock.advance(timedelta(days=1).total_seconds())
    assert (await tables(console, "changes"))["decided"] == [row], "yesterday by itself"
    listed = await console.admin.get("/admin/changes", headers={"accept": "text/html"})
    assert '1<span class="unseen"> changed</span>' in listed.text


async def test_a_day_that_is_none_is_said(console: Console) -> None:
    for asked in ("day=tuesday", "day=2026-02-30", "day=9999-12-31", "day=0001-01-01"):
        answer = await console.admin.get(f"/api/admin/changes?{asked}")
        assert answer.status_code == 422, asked
