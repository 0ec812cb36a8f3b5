"""Every page and action of the console passes every check; a new one is one file."""

import pytest

import oo.admin.pages
from oo.admin.acting import actions
from oo.admin.action import ConsoleAction
from oo.admin.guides import guide_of, runbook, runbooks
from oo.admin.page import ConsolePage
from oo.admin.query import Query
from oo.events.relay import Relay
from oo.kit.plugins import discover
from tests.unit.admin import conftest
from tests.unit.admin.conftest import Console

console = conftest.console
PAGES = discover(oo.admin.pages, "PAGE", ConsolePage)
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
every_action = pytest.mark.parametrize("action", actions().values(), ids=actions().keys())


@every_page
def test_it_says_what_it_is_and_has_a_guide(page: ConsolePage) -> None:
    assert page.words.endswith(".")
    assert issubclass(page.query, Query)
    assert all(words[0].isupper() for words in page.query.filters().values())
    assert guide_of(page.name), f"docs/console/{page.name}.md"
    assert not page.is_of_one or page.under in PAGES


def test_no_two_pages_have_one_address() -> None:
    assert len({page.address for page in PAGES.values()}) == len(PAGES)


@every_action
def test_an_action_says_what_it_does_and_does_it_one_way(action: ConsoleAction) -> None:
    assert action.words.endswith(".")
    assert (action.within is None) != (action.beside is None)
    assert action.leads_to.startswith("/admin/")


def test_every_runbook_has_a_title_and_commands() -> None:
    assert len(runbooks()) >= 5
    for name in runbooks():
        assert "<pre><code>" in str(runbook(name))


async def test_every_page_answers_each_way_and_to_nobody_else(console: Console) -> None:
    await Relay(console.site.db, console.site.clock).relay()
    form = {"policies": ["random"]}
    asked = await console.admin.post(
        "/api/admin/do/start-simulation/new",
        json={"reason": "to see it", "form": form},
        headers={"idempotency-key": "a-key-of-a-test"},
    )
    run = asked.json()["after"]["run"]
    ids = {"decisions": console.tips[0], "live": "1", "simulations": run}
    for page in PAGES.values():
        whom = ids.get(page.under, console.ada)
        path = page.address.replace("{id}", whom)
        html = await console.admin.get(f"/admin/{path}", headers={"accept": "text/html"})
        assert html.status_code == 200, (path, html.text)
        assert "<h1>" in html.text
        told = await console.admin.get(f"/api/admin/{path}")
        assert told.status_code == 200, (path, told.text)
        for table in told.json()["tables"]:
            keys = {column["key"] for column in table["columns"]}
            assert all(set(row) == keys for row in table["rows"]), (path, table["name"])
            exported = await console.admin.get(f"/admin/{path}/export.csv/{table['name']}")
            assert exported.status_code == 200
            assert exported.text.count("\n") >= len(table["rows"])
        viewer = 403 if page.for_admins else 200
        for who, status in (("viewer", viewer), ("person", 403)):
            answer = await console.browsers[who].get(f"/api/admin/{path}")
            assert answer.status_code == status, (path, who)
