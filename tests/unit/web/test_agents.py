"""What sub-agents say reaches the person it is said of, and nobody else."""

from datetime import timedelta

from ml.agents.agent import agents
from oo.domain.tasks import Task
from oo.store import tasks
from tests.peers.store import add_person
from tests.unit.web.conftest import Site
from tests.unit.web.test_learning import own_id


async def listed(site: Site, user_id: str, *titles: str) -> None:
    now = site.clock.now()
    late = now.date() - timedelta(days=4)
    rows = [
        Task(f"f:{n}", "f", str(n), title, due=late if n == 0 else None, labels=("home",))
        for n, title in enumerate(titles)
    ]
    async with site.db.write() as connection:
        await tasks.put(connection, user_id, rows, now)


async def test_every_agent_answers_of_the_signed_in_person(site: Site) -> None:
    browser = await site.signed_in()
    own, other = await own_id(site), await add_person(site.db, site.clock, "eve")
    await listed(site, own, "Call the dentist", "Call mum", "Call back Mr Ortiz")
    await listed(site, other, "Secret of Eve")
    answer = await browser.get("/api/agents")
    assert answer.status_code == 200
    body = answer.json()
    assert [one["agent"] for one in body["agents"]] == list(agents())
    assert body["as_of"] == site.clock.now().isoformat().replace("+00:00", "Z")
    said = {one["agent"]: one for one in body["agents"]}
    (label,) = said["focus_area"]["statements"]
    assert "3 things on your list carry one label" in label["text"]
    assert set(label["tasks"]) == {"f:0", "f:1", "f:2"}
    assert {"fact": "open", "task": "f:0", "value": None} in label["claims"]
    assert 0 < said["focus_area"]["tokens"] <= said["focus_area"]["budget"]
    assert said["momentum"]["statements"] == []
    assert "Eve" not in answer.text


async def test_a_stranger_is_told_nothing(site: Site) -> None:
    answer = await site.browser().get("/api/agents")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_document_names_what_it_answers(site: Site) -> None:
    document = (await site.browser().get("/openapi.json")).json()
    operation = document["paths"]["/api/agents"]["get"]
    assert {"200", "401", "403", "404", "429"} <= set(operation["responses"])
