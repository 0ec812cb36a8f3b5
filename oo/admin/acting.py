"""Doing something from the console: who may, why, once, and what the audit log keeps of it."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response, StreamingResponse

import oo.admin.actions
from oo.admin.action import Actions, ConsoleAction, Done, File, Form, Order, Refused
from oo.admin.desk import ConsoleParts
from oo.admin.documented import answers
from oo.domain.console import Looker
from oo.domain.roles import Role
from oo.kit.clock import Clock
from oo.kit.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    OoError,
    TooManyRequests,
    Unauthorized,
)
from oo.kit.ids import new_id
from oo.kit.invalid import in_words
from oo.kit.plugins import discover
from oo.store import admin_requests, audit
from oo.store.audit import Entry

if TYPE_CHECKING:
    from oo.admin.routes import Console

MAX_REASON = 500
OWN_FIELDS = frozenset({"csrf", "key", "reason", "what"})
KEY = r"^[!-~]{8,200}$"
ERRORS = answers(
    BadRequest, Unauthorized, Forbidden, NotFound, Conflict, Malformed, TooManyRequests
)


ARCHIVE = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


class AlreadyDone(Conflict):
    """The same request came before."""

    code, title = "already_done", "This was done already"

    def __init__(self) -> None:
        super().__init__("The same request came before, and was carried out then: nothing more.")


class Wish(BaseModel):
    """Why something is done, and to which part of its subject (a source, say)."""

    reason: str = Field(min_length=1, max_length=MAX_REASON, pattern=r"^[^\x00]*\S[^\x00]*$")
    what: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    form: dict[str, str | int | float | list[str]] = Field(
        default={}, description="What the action is told beside, if it has a form"
    )


class Outcome(BaseModel):
    """What was done, and what changed by it."""

    said: str
    before: dict[str, str | int | float | bool | None]
    after: dict[str, str | int | float | bool | None]


@cache
def actions() -> Actions:
    """All actions by name; raises BrokenPlugin for one that cannot be loaded."""
    return discover(oo.admin.actions, "ACTION", ConsoleAction)


def new_key(clock: Clock) -> str:
    """What makes a form's request one that is carried out once."""
    return new_id(clock)


def add_to(router: APIRouter, console: "Console") -> None:
    """The two addresses of actions: for forms, and for programs."""
    parts = console.parts

    async def by_form(request: Request, action: str, whom: str) -> Response:
        found = _named(action)
        back = found.leads_to.replace("{}", whom)
        looker = await parts.door.looker(request, Role.ADMIN, fresh=True, back=back)
        form = await parts.door.form(request)
        reason, key = str(form.get("reason", "")), str(form.get("key", ""))
        what = str(form.get("what", ""))
        if not reason.strip() or len(reason) > MAX_REASON or "\0" in reason + what:
            raise BadRequest("Say why: the reason is kept with the change.")
        if not 8 <= len(key) <= 200:
            raise BadRequest("This form is too old. Reload the page and try again.")
        try:
            told = _filled(found, _fields(form) if found.form else {}, BadRequest)
            done = await perform(parts, looker, found, whom, what, reason.strip(), key, told)
        except Refused:
            return RedirectResponse(f"{back}#refused", 303)
        if done.file is not None:
            return _sent(done.file)
        return RedirectResponse(f"{back}#done", 303)

    async def by_program(
        request: Request,
        action: Annotated[str, Path(max_length=40)],
        whom: Annotated[str, Path(max_length=200)],
        wish: Wish,
        idempotency_key: Annotated[str, Header(pattern=KEY)],
    ) -> Outcome | Response:
        """Do something as an admin, with a reason; the same key a second time is refused.

        An export answers with its archive.
        """
        found = _named(action)
        looker = await parts.door.looker(request, Role.ADMIN, fresh=True)
        told = _filled(found, wish.form, Malformed)
        done = await perform(
            parts, looker, found, whom, wish.what, wish.reason.strip(), idempotency_key, told
        )
        if done.file is not None:
            return _sent(done.file)
        return Outcome(said=done.said, before=dict(done.before), after=dict(done.after))

    router.add_api_route(
        "/admin/do/{action}/{whom}", by_form, methods=["POST"], include_in_schema=False
    )
    router.add_api_route(
        "/api/admin/do/{action}/{whom}",
        by_program,
        methods=["POST"],
        response_model=Outcome,
        responses={200: ARCHIVE, **ERRORS},
        tags=["console"],
        operation_id="console_do",
    )


async def perform(
    parts: ConsoleParts,
    looker: Looker,
    action: ConsoleAction,
    whom: str,
    what: str,
    reason: str,
    key: str,
    form: Form | None = None,
) -> Done:
    """Carry it out once; raises AlreadyDone for a key that was used, and what the action raises."""
    order = Order(parts, looker.actor, whom, what, reason, parts.clock.now(), form)
    # a machine that asks again may do so by another token: keys are those of all machines
    claim = f"{'machine' if looker.actor.startswith('machine_token:') else looker.actor} {key}"
    if action.within is not None:
        async with parts.db.write() as connection:
            if not await admin_requests.claim(connection, claim, order.at):
                raise AlreadyDone
            done = await action.within(order, connection)
            if action.logged:
                await audit.append(connection, _entry(action, order, done))
    elif action.beside is not None:
        async with parts.db.write() as connection:
            if not await admin_requests.claim(connection, claim, order.at):
                raise AlreadyDone
        try:
            done = await action.beside(order)
        except BaseException:
            async with parts.db.write() as connection:
                await admin_requests.release(connection, claim)
            raise
        if action.logged:
            async with parts.db.write() as connection:
                await audit.append(connection, _entry(action, order, done))
    else:
        raise NotFound("There is nothing to do here.")
    parts.kept.forget()
    return done


def _fields(form: FormData) -> dict[str, Any]:
    """What was filled in, by name; several of one name are a list, what was left empty is none."""
    found: dict[str, Any] = {}
    for name in form:
        if name not in OWN_FIELDS:
            values = [str(one) for one in form.getlist(name) if str(one)]
            found |= {name: values[0] if len(values) == 1 else values} if values else {}
    return found


def _filled(action: ConsoleAction, given: Mapping[str, Any], wrong: type[OoError]) -> Form | None:
    """The action's form; raises `wrong` for what it does not take."""
    if action.form is None:
        if given:
            raise wrong("This action takes no form.")
        return None
    try:
        return action.form.model_validate(given)
    except ValidationError as error:
        raise wrong(f"{in_words(error.errors(), 'form')}.") from None


def _sent(file: File) -> StreamingResponse:
    return StreamingResponse(
        file.pieces,
        media_type=file.media_type,
        headers={"content-disposition": f'attachment; filename="{file.name}"'},
    )


def _entry(action: ConsoleAction, order: Order, done: Done) -> Entry:
    whom = f"{'person' if action.subject == 'connection' else action.subject}:{order.whom}"
    return Entry(order.actor, action.entry, whom, order.at, order.reason, done.before, done.after)


def _named(name: str) -> ConsoleAction:
    if name not in actions():
        raise NotFound("There is no such action.")
    return actions()[name]
