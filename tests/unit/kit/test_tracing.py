"""Traces: what is a part of what, who is a link, and what costs nothing."""

import asyncio
import sys
from collections.abc import Sequence

import pytest
from opentelemetry.trace import StatusCode

from oo.kit import scope, tracing
from oo.kit.coalesce import Coalescer, Take
from oo.kit.debounce import Debounce
from oo.kit.errors import NotFound
from oo.kit.scope import Scope
from oo.kit.tracing import NOTHING
from tests.peers.traced import traced

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_where_nothing_is_traced_no_object_is_made() -> None:
    assert tracing.span("a") is NOTHING
    assert tracing.begun("a", traceparent=f"00-{TRACE}-{PARENT}-01") is NOTHING
    assert tracing.timed("a", {}) is NOTHING
    assert tracing.arrived(f"00-{TRACE}-{PARENT}-01 7", "a") is NOTHING
    assert tracing.carried() == " "


def test_what_is_not_sampled_has_no_span_here_or_elsewhere() -> None:
    header = f"00-{TRACE}-{PARENT}-01"
    with traced(ratio=0.0) as spans, tracing.begun("a", traceparent=header), tracing.span("b"):
        with tracing.timed("c", {}):
            assert tracing.traceparent() == ""
            assert tracing.carried() == " "
        assert spans.all == ()


@pytest.mark.parametrize(
    ("header", "is_ours"),
    [
        (f"00-{TRACE}-{PARENT}-01", True),
        (f"00-{TRACE}-{PARENT}-00", True),  # whether it is sampled is decided here
        (f"cc-{TRACE}-{PARENT}-01-of later versions", True),
        (f"00-{TRACE}-{PARENT}-01-more", False),
        (f"ff-{TRACE}-{PARENT}-01", False),
        (f"00-{'0' * 32}-{PARENT}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-{PARENT}-01", False),
        (f"00-{TRACE}-{PARENT}", False),
        (f" 00-{TRACE}-{PARENT}-01\n", False),
        ("x" * 100_000, False),
        ("", False),
    ],
)
def test_a_traceparent_from_outside_names_a_parent_or_nothing(header: str, is_ours: bool) -> None:
    with traced() as spans:
        with tracing.begun("a", traceparent=header):
            pass
        made = spans.one("a")
        assert (made.parent is not None) is is_ours
        assert made.context is not None
        assert (f"{made.context.trace_id:032x}" == TRACE) is is_ours


def test_a_call_of_another_process_is_a_part_of_what_it_was_made_for() -> None:
    with traced() as spans:
        with tracing.begun("request"), tracing.span("call", tracing.CLIENT):
            along = tracing.carried()
        with tracing.arrived(along, "callee"), tracing.span("work"):
            pass
        assert spans.path(spans.one("work")) == ["request", "call", "callee", "work"]


def test_an_error_is_its_class_and_none_of_its_words() -> None:
    with traced() as spans:
        with pytest.raises(ValueError, match="Anna"), tracing.begun("a"):
            raise ValueError("Call Anna")
        with pytest.raises(NotFound), tracing.begun("b"):
            raise NotFound("Call Anna")
        failed, refused = spans.one("a"), spans.one("b")
        assert "Anna" not in failed.to_json() + refused.to_json()
        assert (failed.attributes or {})["error.type"] == "ValueError"
        assert failed.status.status_code is StatusCode.ERROR
        assert (refused.attributes or {})["error.type"] == "not_found"
        assert refused.status.status_code is StatusCode.UNSET


def test_what_is_timed_is_placed_where_it_ends_with_its_parts() -> None:
    with traced() as spans:
        with tracing.timed("db", {"db.system.name": "sqlite"}) as whole:
            whole.part("turn")
            request = tracing.begun("request")
            request.__enter__()
            whole.part("COMMIT")
        request.__exit__(None, None, None)
        db = spans.one("db")
        assert spans.path(spans.one("COMMIT")) == ["request", "db", "COMMIT"]
        assert db.start_time == spans.one("turn").start_time
        assert spans.one("turn").end_time == spans.one("COMMIT").start_time


async def _doubled(take: Take[int]) -> Sequence[int | Exception]:
    items = take()
    with tracing.span("inside"):
        await asyncio.sleep(0)
    return [2 * it for it in items]


async def test_a_batch_of_one_is_a_part_of_their_request() -> None:
    coalescer = Coalescer(_doubled, name="doubling")
    with traced() as spans:
        with Scope() as asked, tracing.begun("request"):
            assert await coalescer.submit(1) == 2
        assert spans.path(spans.one("inside")) == ["request", "doubling", "inside"]
        assert scope.current() is None
    assert asked.id


async def test_a_batch_of_several_links_to_each_request_and_they_to_it() -> None:
    coalescer = Coalescer(_doubled, name="doubling")

    async def ask(number: int) -> int:
        with tracing.begun(f"request {number}"):
            return await coalescer.submit(number)

    with traced() as spans:
        assert await asyncio.gather(*map(ask, range(3))) == [0, 2, 4]
        batch = spans.one("doubling")
        assert batch.parent is None
        assert (batch.attributes or {})[tracing.BATCH] == 3
        asked = [spans.one(f"request {number}") for number in range(3)]
        assert [it.context for it in batch.links] == [it.context for it in asked]
        assert all([it.context for it in one.links] == [batch.context] for one in asked)
        assert spans.path(spans.one("inside")) == ["doubling", "inside"]


async def test_a_batch_for_nobody_who_is_traced_is_not() -> None:
    coalescer = Coalescer(_doubled, name="doubling")
    with traced() as spans:
        assert await asyncio.gather(coalescer.submit(1), coalescer.submit(2)) == [2, 4]
        assert spans.all == ()


async def test_a_batch_outlives_the_request_that_came_first() -> None:
    """Its work is everybody's: whatever ends with that request's context does not end it."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(take: Take[int]) -> Sequence[int | Exception]:
        items = take()
        begun.set()
        await go_on.wait()
        with tracing.span("late"):
            return [*items]

    coalescer = Coalescer(run, name="slow")
    with traced() as spans:

        async def first() -> int:
            with tracing.begun("request"):
                return await coalescer.submit(1)

        task = asyncio.create_task(first())
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        go_on.set()
        assert await coalescer.submit(2) == 2
        assert spans.path(spans.named("late")[0]) == ["request", "slow", "late"]


async def test_what_is_done_behind_is_a_trace_of_its_own_that_links_back() -> None:
    seen: list[dict[str, str]] = []

    async def run(key: str) -> None:
        seen.append(tracing.fields())

    debounce = Debounce(run, 0.0, 1.0, "refill")
    with traced() as spans:
        for number in range(2):
            with Scope() as asked, tracing.begun(f"request {number}"):
                debounce.note("ada")
            if not number:
                first = asked
        await debounce.settled()
        made = spans.one("refill")
        assert made.parent is None
        links = [it.context for it in made.links]
        assert links == [spans.one(f"request {number}").context for number in range(2)]
        (said,) = seen
        assert said["request_id"] == first.id
        assert said["trace_id"] == f"{made.context.trace_id:032x}" if made.context else ""
        assert "ada" not in str(said)


def test_a_run_that_did_nothing_leaves_no_trace() -> None:
    with traced() as spans:
        for done in (0, 2):
            with tracing.begun_run("sync") as run, tracing.span(f"work {done}"):
                run.set(tracing.DONE, done)
        with pytest.raises(ValueError, match="no"), tracing.begun_run("prefill"):
            raise ValueError("no")
        assert [it.name for it in spans.all] == ["work 2", "job sync", "job prefill"]


def test_nothing_of_opentelemetry_is_imported_where_nothing_is_traced() -> None:
    import subprocess

    code = (
        "import sys, oo.kit.tracing, oo.kit.logs, oo.web.scoped, oo.kit.sentry;"
        "print([m for m in sys.modules if m.startswith(('opentelemetry', 'sentry_sdk'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
