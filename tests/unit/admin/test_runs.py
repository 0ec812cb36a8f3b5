"""Simulations and evaluations from a form: bounded, seen while they wait, cancelled."""

from typing import Any

import httpx2
import pytest

from oo.admin.waiting import MOST_WAITING
from oo.identity.sessions import csrf_token
from tests.unit.admin.conftest import Console
from tests.unit.admin.test_actions import ask, entries

SMALL = {"policies": ["random", "lints"], "people": 8, "days": 3, "decisions": 2}


async def wish(console: Console, action: str, form: dict[str, Any], key: str) -> httpx2.Response:
    return await console.admin.post(
        f"/api/admin/do/{action}/new",
        json={"reason": "to see", "form": form},
        headers={"idempotency-key": key},
    )


async def test_a_simulation_waits_is_seen_and_can_be_cancelled(console: Console) -> None:
    answer = await wish(console, "start-simulation", SMALL, "sim-sim-sim")
    assert answer.status_code == 200, answer.text
    assert answer.json()["after"]["decisions"] == 96
    run = answer.json()["after"]["run"]
    entry = (await entries(console))[0]
    assert (entry.action, entry.why, entry.after["policies"]) == (
        "simulation.start",
        "to see",
        "random,lints",
    )
    html = {"accept": "text/html"}
    listed = await console.admin.get("/admin/simulations", headers=html)
    assert f"/admin/do/cancel-run/{run}" in listed.text
    one = await console.admin.get(f"/admin/simulations/{run}", headers=html)
    assert "It is the next one." in one.text
    viewed = await console.browsers["viewer"].get("/admin/simulations", headers=html)
    assert "/admin/do/" not in viewed.text
    assert (await ask(console, "cancel-run", run, key="cancel-it")).status_code == 200
    assert (await ask(console, "cancel-run", run, key="cancel-again")).status_code == 409
    assert (await ask(console, "cancel-run", "0" * 32, key="cancel-what")).status_code == 404
    entry = (await entries(console))[0]
    assert (entry.action, entry.before, entry.after) == (
        "run.cancel_run",
        {"status": "waiting"},
        {"status": "cancelled"},
    )
    listed = await console.admin.get("/admin/simulations", headers=html)
    assert "Cancelled: because of a test" in listed.text


async def test_an_evaluation_is_asked_for_by_its_form(console: Console) -> None:
    token = csrf_token(console.admin.cookies["sid"])
    form = {"csrf": token, "key": "a-key-of-a-form", "reason": "who is better", "by": ""}
    form |= {"against": "random@1", "days": "90"}
    asked = {**form, "policies": ["lints@1", "ebts@1"]}
    answer = await console.admin.post("/admin/do/start-evaluation/new", data=asked)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/simulations#done")
    told = (await console.admin.get("/api/admin/simulations")).json()["tables"][0]["rows"]
    assert [(row["kind"], row["status"]) for row in told] == [("evaluation", "waiting")]
    page = await console.admin.get(
        f"/api/admin/simulations/{(await entries(console))[0].after['run']}"
    )
    assert page.json()["facts"]["policies"] == "lints@1, ebts@1"
    none = await console.admin.post("/admin/do/start-evaluation/new", data={**form, "key": "k" * 9})
    assert none.status_code == 400


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({**SMALL, "people": 100_000}, 422, "less than or equal to 2000"),
        ({**SMALL, "people": 2000, "days": 90, "decisions": 10}, 422, "at most 2000000 here"),
        ({**SMALL, "policies": []}, 422, "policies"),
        ({**SMALL, "policies": ["nobody"]}, 400, "no policy 'nobody'"),
        ({**SMALL, "cpus": 64}, 422, "cpus"),
        ({**SMALL, "days": "many"}, 422, "days"),
        ({}, 422, "policies"),
    ],
)
async def test_a_simulation_is_bounded(
    console: Console, form: dict[str, Any], status: int, says: str
) -> None:
    answer = await wish(console, "start-simulation", form, "sim-sim-sim")
    assert answer.status_code == status, answer.text
    assert says in answer.json()["detail"]


async def test_so_many_wait_and_no_more(console: Console) -> None:
    for number in range(MOST_WAITING):
        answer = await wish(console, "start-simulation", SMALL, f"sim-number-{number}")
        assert answer.status_code == 200
    full = await wish(console, "start-simulation", SMALL, "sim-one-more")
    assert (full.status_code, full.json()["code"]) == (409, "conflict")
