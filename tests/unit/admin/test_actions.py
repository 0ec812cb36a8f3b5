"""Actions: done once, for a reason, by an admin who has just signed in, and logged."""

import io
import json
import zipfile
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from oo.events.bus import Bus
from oo.events.consumer import consumers
from oo.events.relay import Relay
from oo.identity.sessions import csrf_token
from oo.kit.clock import Clock
from oo.kit.provide import Provided
from oo.store import audit, connections
from oo.store.audit import Entry
from oo.store.database import Database
from oo.store.tables import profiles as profile_rows
from oo.store.tables import sessions, tasks, user_models, users
from tests.unit.admin.conftest import Console


async def ask(
    console: Console,
    action: str,
    whom: str = "",
    *,
    key: str = "key-of-a-test",
    who: str = "admin",
    what: str = "",
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    body = {"reason": "because of a test", "what": what}
    given = {"idempotency-key": key, **(headers or {})}
    browser = console.browsers[who]
    return await browser.post(
        f"/api/admin/do/{action}/{whom or console.ada}", json=body, headers=given
    )


async def entries(console: Console) -> list[Entry]:
    async with console.site.db.read() as connection:
        return [link.entry for link in await audit.newest(connection, 50)]


async def count(console: Console, table: Any, user_id: str) -> int:
    async with console.site.db.read() as connection:
        query = select(func.count()).select_from(table).where(table.c.user_id == user_id)
        return int((await connection.execute(query)).scalar_one())


async def test_sessions_end(console: Console) -> None:
    answer = await ask(console, "end-sessions")
    assert answer.json()["before"] == {"sessions": 1}
    assert await count(console, sessions, console.ada) == 0
    assert (await console.browsers["person"].get("/api/agents")).status_code == 401
    entry = (await entries(console))[0]
    assert (entry.action, entry.why) == ("person.end_sessions", "because of a test")
    assert (entry.before, entry.after) == ({"sessions": 1}, {"sessions": 0})
    assert entry.actor == f"person:{console.people['admin']}"


async def test_what_was_learnt_is_forgotten(console: Console) -> None:
    explained = f"/api/admin/decisions/{console.tips[-1]}"
    assert (await console.admin.get(explained)).json()["facts"]["state_seq"] > 0
    answer = await ask(console, "reset-bandit")
    assert answer.status_code == 200, answer.text
    async with console.site.db.read() as connection:
        seq = (
            await connection.execute(select(users.c.user_seq).where(users.c.id == console.ada))
        ).scalar_one()
        behind = await connection.execute(
            select(func.count()).where(
                user_models.c.user_id == console.ada, user_models.c.applied_seq < seq
            )
        )
    assert seq == len(console.tips) + 1
    assert behind.scalar_one() == 0
    assert (await entries(console))[0].before == {"reactions_learnt_from": len(console.tips)}


async def test_a_profile_is_rebuilt(console: Console) -> None:
    answer = await ask(console, "rebuild-profile")
    assert answer.json()["after"]["completion_rate"] == pytest.approx(0.5, abs=0.2)
    assert await count(console, profile_rows, console.ada) == 1


async def test_a_source_is_disconnected_with_what_it_told(console: Console) -> None:
    assert await count(console, tasks, console.ada) > 0
    assert (await ask(console, "revoke-connection", what="todoist")).status_code == 404
    answer = await ask(console, "revoke-connection", what="file")
    assert answer.status_code == 200, answer.text
    assert await count(console, tasks, console.ada) == 0
    async with console.site.db.read() as connection:
        assert await connections.get(connection, console.ada, "file") is None
    assert (await entries(console))[0].action == "connection.revoke"


async def test_an_account_is_deleted(console: Console) -> None:
    answer = await ask(console, "delete-person")
    assert answer.json()["after"]["deleted"] is True
    assert (await console.browsers["person"].get("/api/agents")).status_code == 401
    assert (await console.admin.get(f"/admin/people/{console.ada}")).status_code == 404
    assert [it.why for it in await entries(console)][:2] == ["because of a test"] * 2
    last = await ask(console, "delete-person", console.people["admin"], key="another-key")
    assert last.status_code == 409


async def test_a_policy_watches_and_the_last_promotion_is_undone(console: Console) -> None:
    assert (await ask(console, "shadow-policy", "lints")).status_code == 200
    assert (await ask(console, "demote-policy", "in-force", key="undo-undo")).status_code == 409
    page = await console.admin.get("/admin/policies", headers={"accept": "text/html"})
    assert "Turn off shadow lints@1" in page.text
    answer = await ask(console, "unshadow-policy", "lints@1", key="off-off-off")
    assert answer.status_code == 200, answer.text
    found = [it for it in await entries(console) if it.action.startswith("policy.")]
    assert [it.action for it in found] == ["policy.off", "policy.shadow"]
    assert {it.actor for it in found} == {f"person:{console.people['admin']}"}


@pytest.mark.parametrize("who", ["viewer", "person"])
async def test_nobody_else_may(console: Console, who: str) -> None:
    before = len(await entries(console))
    answer = await ask(console, "end-sessions", who=who)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_needed")
    assert await count(console, sessions, console.ada) == 1
    assert len(await entries(console)) == before


async def test_another_site_may_not(console: Console) -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = await ask(console, "end-sessions", headers=foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")
    form = await console.admin.post(
        f"/admin/do/end-sessions/{console.ada}", data={"reason": "x", "key": "12345678"}
    )
    assert form.status_code == 403
    assert await count(console, sessions, console.ada) == 1


async def test_the_same_request_is_carried_out_once(console: Console) -> None:
    assert (await ask(console, "end-sessions")).status_code == 200
    before = len(await entries(console))
    again = await ask(console, "end-sessions")
    assert (again.status_code, again.json()["code"]) == (409, "already_done")
    assert len(await entries(console)) == before


async def test_a_request_that_failed_may_come_again(console: Console) -> None:
    assert (await ask(console, "rebuild-profile", "0" * 32)).status_code == 404
    assert (await ask(console, "rebuild-profile")).status_code == 200


async def test_it_needs_a_fresh_sign_in_and_a_reason(console: Console) -> None:
    nothing = await console.admin.post(
        f"/api/admin/do/end-sessions/{console.ada}",
        json={"reason": "  "},
        headers={"idempotency-key": "key-of-a-test"},
    )
    assert nothing.status_code == 422
    console.site.clock.advance(601)
    answer = await ask(console, "end-sessions")
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_again")


async def test_a_form_does_what_a_program_does(console: Console) -> None:
    address = f"/admin/do/rebuild-profile/{console.ada}"
    token = csrf_token(console.admin.cookies["sid"])
    form = {"csrf": token, "key": "a-key-of-a-form", "reason": "a person asked"}
    answer = await console.admin.post(address, data=form)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/admin/people/{console.ada}#done",
    )
    assert (await console.admin.post(address, data=form)).status_code == 409
    assert (await entries(console))[0].why == "a person asked"


async def test_the_gate_refuses_what_has_no_evidence_and_says_why(console: Console) -> None:
    await ask(console, "shadow-policy", "lints")
    answer = await ask(console, "promote-policy", "lints@1", key="promote-promote")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert "stays in force. decisions: Wait" in answer.json()["detail"]
    page = await console.admin.get("/admin/policies", headers={"accept": "text/html"})
    assert "The gate refused lints@1" in page.text
    assert "decisions: Wait" in page.text
    entry = (await entries(console))[0]
    assert (entry.action, entry.why) == ("policy.refused", "because of a test")
    assert entry.before == entry.after == {"in_force": None}


async def test_a_form_that_is_refused_leads_to_the_reasons(console: Console) -> None:
    await ask(console, "shadow-policy", "lints")
    form = {
        "csrf": csrf_token(console.admin.cookies["sid"]),
        "key": "12345678",
        "reason": "why not",
    }
    answer = await console.admin.post("/admin/do/promote-policy/lints@1", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/policies#refused")


async def test_an_event_is_told_once_more_to_one_consumer(console: Console) -> None:
    db, clock = console.site.db, console.site.clock
    bus = Bus(db, clock, consumers().values(), Provided({Database: db, Clock: clock}))
    await bus.feed()
    await Relay(db, clock).relay()
    await bus.feed()
    listed = await console.admin.get("/admin/live", headers={"accept": "text/html"})
    assert 'data-peek="/admin/live/1"' in listed.text
    page = await console.admin.get("/admin/live/1", headers={"accept": "text/html"})
    assert "It is counted once more" in page.text
    assert "Replay to counted" in page.text
    answer = await ask(console, "replay-event", "1", what="counted")
    assert answer.json()["before"] == {"consumer": "counted", "event": "had"}
    assert await bus.feed() == 1
    entry = (await entries(console))[0]
    assert (entry.action, entry.why) == ("events.replay", "because of a test")
    assert (entry.before["event"], entry.after["replaying"]) == ("had", 1)
    for whom, what in (("1", "nobody"), ("99", "counted"), ("9" * 40, "counted")):
        gone = await ask(console, "replay-event", whom, what=what, key=f"key-{whom}-{what}")
        assert gone.status_code == 404, (whom, what)


async def test_an_export_is_what_the_person_can_take_along(console: Console) -> None:
    answer = await ask(console, "export-person")
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("manifest.json"))
        titles = archive.read("json/tasks.json").decode()
    assert told["person"] == console.ada
    assert "Water plants" in titles
    entry = (await entries(console))[0]
    assert (entry.action, entry.whom) == ("data.export", f"person:{console.ada}")
    assert (entry.why, entry.after["rows"]) == ("because of a test", pytest.approx(30, abs=25))
    token = csrf_token(console.admin.cookies["sid"])
    form = {"csrf": token, "key": "a-key-of-a-form", "reason": "they asked by mail"}
    sent = await console.admin.post(f"/admin/do/export-person/{console.ada}", data=form)
    assert zipfile.is_zipfile(io.BytesIO(sent.content))
    for who in ("viewer", "person"):
        assert (await ask(console, "export-person", who=who)).status_code == 403


async def test_a_policy_that_is_pinned_is_told_where_others_are_promoted(console: Console) -> None:
    html = {"accept": "text/html"}
    assert (
        "is pinned, and decides"
        not in (await console.admin.get("/admin/policies", headers=html)).text
    )
    console.site.app.state.services.promotes.pin = "linucb-v1@1"
    page = await console.admin.get("/admin/policies", headers=html)
    assert "linucb-v1@1 is pinned, and decides" in page.text
