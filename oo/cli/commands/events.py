"""`oo events`: what happened, who has heard of it, and having it told again."""

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest, NotFound
from oo.kit.settings import load_settings
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from oo.domain.events import EventFilter
    from oo.events.ring import Ring

OPERATOR = "operator:cli"
LOOK_EVERY_S = 0.5

events = typer.Typer(help="The log of events.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; it is kept in the audit log.")]


@events.command()
def tail(
    subject: Annotated[str, typer.Option(help="A subject or a pattern: signals.tip.*")] = "",
    person: Annotated[str, typer.Option(help="The id of a person.")] = "",
    since: Annotated[str, typer.Option(help="An instant: 2026-11-26T09:00:00Z.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many of the newest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they happen.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
) -> None:
    """Show the newest events, the oldest of them first."""
    from oo.cli.views.events import show_event
    from oo.domain.events import EventFilter, EventSeen
    from oo.events.ring import Ring
    from oo.store.database import Database

    filters = EventFilter(subject, person, _instant(since))

    async def newest(db: Database) -> tuple[list[EventSeen], int]:
        ring = Ring(db)
        begin = await ring.start(filters)
        found: list[EventSeen] = []
        while True:
            page = await ring.page(begin, 500, filters)
            found, begin = [*found, *page.events][-limit:], page.next
            if page.is_all:
                return found, begin

    settings = load_settings()
    found, after = with_store(settings, newest)
    for event in found:
        show_event(event, as_json=as_json)
    if follow:
        with suppress(KeyboardInterrupt):
            with_store(settings, lambda db: _follow(Ring(db), after, filters, as_json=as_json))


async def _follow(ring: "Ring", after: int, filters: "EventFilter", *, as_json: bool) -> None:
    from oo.cli.views.events import show_event

    while True:
        page = await ring.page(after, 500, filters)
        for event in page.events:
            show_event(event, as_json=as_json)
        after = page.next
        if page.is_all:
            await asyncio.sleep(LOOK_EVERY_S)


@events.command()
def show(
    event: Annotated[str, typer.Argument(help="The number or the id of an event.")],
) -> None:
    """Show one event, and the message that others get of it."""
    from oo.domain.events import EventSeen
    from oo.events.schemas import decoded, encoded
    from oo.store.database import Database
    from oo.store.event_log import find

    async def work(db: Database) -> EventSeen | None:
        async with db.read() as connection:
            return await find(connection, event)

    found = with_store(load_settings(), work)
    if found is None:
        raise NotFound("There is no such event, or not any more.")
    message = decoded(found.subject, encoded(found))
    told = {"person": found.user_id, "subject": found.subject, "message": message}
    out.print_json(json.dumps(told, ensure_ascii=False))


@events.command("consumers")
def list_consumers() -> None:
    """How far each consumer of events is, and what keeps it."""
    from oo.cli.views.events import show_standings
    from oo.events.replay import Replays

    show_standings(with_store(load_settings(), lambda db: Replays(db, SystemClock()).standings()))


@events.command()
def replay(
    consumer: Annotated[str, typer.Argument(help="Who is to have them again.")],
    first: Annotated[int, typer.Argument(min=1, help="The number of the first event.")],
    last: Annotated[
        int | None, typer.Argument(min=1, help="That of the last; the first alone otherwise.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Have one consumer go through events again, where oO runs; it bears what it has had."""
    from oo.events.replay import Replays

    asked = with_store(
        load_settings(),
        lambda db: Replays(db, SystemClock()).ask(OPERATOR, consumer, first, last, reason),
    )
    out.print(f"{asked.consumer} goes through {asked.events} events again within seconds.")


@events.command()
def mirror(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Delete the streams and fill them again.")
    ] = False,
    reason: Reason = "",
) -> None:
    """How far NATS JetStream has the events; with --rebuild it gets them all anew."""
    from oo.events.replay import MIRROR, Replays

    settings = load_settings()
    if not settings.nats_url:
        raise BadRequest("There is no mirror: OO_NATS_URL is not set.")
    if rebuild:
        with_store(settings, lambda db: Replays(db, SystemClock()).rebuild(OPERATOR, reason))
        out.print("The streams are deleted and filled again where oO runs.")
    standings = with_store(settings, lambda db: Replays(db, SystemClock()).standings())
    for one in standings:
        if one.name == MIRROR:
            state = one.error or "there"
            out.print(f"{state}; {one.lag} events wait behind number {one.position}.")
            return
    out.print("Nothing has been published yet.")


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"{text!r} is no time; write 2026-11-26T09:00:00Z.") from error
    if found.tzinfo is None:
        raise BadRequest("Say the offset of the time too: 2026-11-26T09:00:00Z.")
    return found


COMMAND = Command("events", Group.RUN, events)
