"""`oo trace`: one tree of several processes' spans, with what was shared and what came behind."""

import xml.etree.ElementTree as ET

import pytest

from oo.cli.traces import Traces, details
from oo.cli.views.waterfall import waterfall
from oo.kit.errors import NotFound
from oo.kit.trace_files import SpanId, StoredSpan

MS = 1_000_000


def span(
    trace: str,
    name: str,
    began: int,
    ended: int,
    parent: str = "",
    part: str = "ingress",
    links: tuple[SpanId, ...] = (),
    is_error: bool = False,
    **attributes: object,
) -> StoredSpan:
    told = {key.replace("__", "."): value for key, value in attributes.items()}
    at = SpanId(trace, name)
    return StoredSpan(at, parent, name, part, began * MS, ended * MS, told, links, is_error)


def kept() -> Traces:
    return Traces(
        [
            span("a1", "POST /recommend", 0, 12, "outside", http__response__status_code=200),
            span("a1", "decision", 2, 11, "POST /recommend"),
            span("b1", "POST /recommend", 1, 30, oo__request__id="77"),
            span("b1", "decision", 3, 11, "POST /recommend"),
            span(
                "c1", "decisions.decide", 3, 10,
                links=(SpanId("a1", "decision"), SpanId("b1", "decision")), oo__batch__size=2,
            ),
            span("c1", "score", 4, 6, "decisions.decide", part="bandit"),
            span("d1", "pool.refill", 500, 900, links=(SpanId("a1", "POST /recommend"),)),
            span("d1", "chat", 510, 880, "pool.refill", "generator", is_error=True,
                 error__type="Late<&>", gen_ai__usage__input_tokens=5),
        ]
    )  # fmt: skip


def test_a_batch_stands_below_each_request_that_it_was_for() -> None:
    for trace in (kept().find("a1"), kept().find("b1")):
        rows = [(depth, node.span.name) for depth, node in trace.root.rows()]
        assert rows == [
            (0, "POST /recommend"),
            (1, "decision"),
            (2, "decisions.decide"),
            (3, "score"),
        ]
        batch = next(it for _, it in trace.root.rows() if it.is_shared)
        assert details(batch) == "for 2 at once"


def test_what_came_behind_is_told_after_it() -> None:
    trace = kept().find("a")
    assert [it.root.span.name for it in trace.behind] == ["pool.refill"]
    assert kept().find("77").behind == []


def test_the_newest_and_the_slowest_are_found_by_name() -> None:
    assert kept().last().id == "b1"
    assert kept().slowest().id == "b1"
    assert kept().last("pool.refill").id == "d1"
    for missing in ("job sync", "POST /feedback"):
        with pytest.raises(NotFound, match="OO_TRACING__FILE"):
            kept().last(missing)
    with pytest.raises(NotFound):
        kept().find("zz")


def test_the_picture_holds_every_span_and_is_well_formed() -> None:
    text = waterfall(kept().find("a1"))
    root = ET.fromstring(text)
    words = " ".join(it.text or "" for it in root.iter() if it.tag.endswith("text"))
    for said in ("POST /recommend", "score", "pool.refill", "Late<&>", "5 tokens", "bandit"):
        assert said in words
    assert "href" not in text
