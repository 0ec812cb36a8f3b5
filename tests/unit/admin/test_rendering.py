"""Numbers, instants and addresses as the console says them."""

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import stdev
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment

from oo.admin.estimating import mean_of, share_of
from oo.admin.guides import as_html
from oo.admin.query import Query
from oo.admin.rendering import instant, millis, number, rendered, spark, with_query
from oo.domain.console import Choice, Looker, admin_read
from oo.domain.roles import Role

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LOOKER = Looker("person:a", Role.VIEWER, "A", ZoneInfo("Asia/Tokyo"), "")


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0, "0"), (1234567, "1\u202f234\u202f567"), (0.5, "0.50"), (-0.01, "−0.010")],
)
def test_numbers(value: float | None, said: str) -> None:
    assert number(value) == said


def test_milliseconds() -> None:
    assert [millis(it) for it in (0.25, 1500, 90_000)] == ["0.20 ms", "1.5 s", "2 min"]


def test_an_instant_is_in_the_zone_of_who_looks_and_exact_on_hover() -> None:
    said = instant(NOW, LOOKER, NOW + timedelta(hours=1))
    assert ">18:00:00<" in said
    assert 'title="2026-11-21 09:00:00.000 UTC"' in said
    assert ">1 h ago<" in instant(NOW, LOOKER, NOW + timedelta(hours=1), as_age=True)


def test_an_address_keeps_the_filters_and_begins_anew_at_the_first_page() -> None:
    query = Query.model_validate({"range": "24h", "page": 3, "sort": "-reward"})
    assert with_query("/x", query, sort=None) == "/x?range=24h"
    assert with_query("/x", query, page=4) == "/x?range=24h&sort=-reward&page=4"


def test_choices() -> None:
    assert Choice.of("") is None
    assert Choice.of("a,b") == Choice(("a", "b"), False)
    assert Choice.of("!a") == Choice(("a",), True)


def test_a_mean_has_an_interval_that_holds_its_n() -> None:
    values = [1.0, -1.0, 0.1, 0.6]
    found = mean_of(4, sum(values), sum(it * it for it in values))
    assert found.value == pytest.approx(0.175)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(1.96 * stdev(values), rel=1e-3)
    assert mean_of(0, 0.0, 0.0).value is None
    assert mean_of(1, 1.0, 1.0).low is None


def test_a_share_of_none_is_not_certain() -> None:
    found = share_of(0, 20)
    assert found.low == 0.0
    assert found.high == pytest.approx(0.1611, abs=1e-3)


def test_a_document_leads_nowhere_else_and_runs_nothing() -> None:
    text = "# A <b>\n\nSee [that](https://evil.example) and [this](/admin/x).\n\n```sh\n<i> rm\n```"
    html = as_html(text)
    assert "<b>" not in html
    assert "evil.example" not in html
    assert '<a href="/admin/x">this</a>' in html
    assert "<pre><code>&lt;i&gt; rm</code></pre>" in html


def test_a_line_needs_two_points() -> None:
    assert spark([1.0]) == ""
    assert "polyline" in spark([1.0, 2.0])


def test_only_a_role_proves_that_one_may_read() -> None:
    assert admin_read(LOOKER).actor == "person:a"
    with pytest.raises(PermissionError):
        admin_read(LOOKER._replace(role=Role.PERSON))


async def test_while_a_long_page_is_made_others_have_their_turn() -> None:
    template = Environment().from_string("{% for it in range(60000) %}{{ it }} {% endfor %}")
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    text = await rendered(template)
    beside.cancel()
    assert text == "".join(f"{it} " for it in range(60000))
    assert turns > 2
