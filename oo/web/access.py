"""Who may what beside their own: one check of roles, tokens of machines, roles of people."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from oo.domain.roles import Role
from oo.identity.sudo import check_fresh
from oo.kit.errors import BadRequest, Conflict, Forbidden, Malformed, NotFound
from oo.web.api import body_of, parse
from oo.web.auth import bearer, person
from oo.web.openapi import PERSONAL, Link, answers, links
from oo.web.rates import Cost, Rates, address_of
from oo.web.services import services

router = APIRouter(prefix="/api", tags=["access"])

REVOKE = "/api/auth/tokens/{token_id}"
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class RoleNeeded(Forbidden):
    """The route is for others."""

    code, title = "role_needed", "This is not yours to see"


class Caller(NamedTuple):
    """Who asks, as the audit log names them, and what they may."""

    actor: str
    role: Role


def needs(
    role: Role, *, fresh: bool = False, back: str = "/"
) -> Callable[[Request], Awaitable[Caller]]:
    """The dependency of a route for `role`, person or machine; raises Unauthorized or RoleNeeded.

    With `fresh`, a person must have signed in within the last minutes; raises SignInAgain, which
    leads through sign-in to `back`. The session of a person is kept in the request's state.
    """

    async def check(request: Request) -> Caller:
        token = bearer(request)
        if token:
            machine = await services(request).identity.machines.of(token)
            caller = Caller(f"machine_token:{machine.id}", Role(machine.role))
            _rates(request).known(request.client)
            _rates(request).count(Cost.PAGE, machine.id)
            session = None
        else:
            session = request.state.session = await person(request)
            caller = Caller(f"person:{session.user_id}", Role(session.role))
        if not caller.role.includes(role):
            raise RoleNeeded(f"This needs the role {role.value}.")
        if fresh and session is not None:
            check_fresh(session, services(request).clock, back)
        return caller

    return check


Viewer = Annotated[Caller, Depends(needs(Role.VIEWER))]
FreshAdmin = Annotated[Caller, Depends(needs(Role.ADMIN, fresh=True))]


class TokenWish(BaseModel):
    """What a machine asks for: what it is called, and what it needs to be allowed."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[ -~]+$")
    role: Literal["viewer", "admin"] = "viewer"


class MachineToken(BaseModel):
    """A token: sent as `Authorization: Bearer …`, until it ends."""

    id: str
    token: str
    role: str
    expires_at: datetime


class ListedToken(BaseModel):
    """A token without what opens anything."""

    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class RoleChange(BaseModel):
    """Another role for somebody, and why."""

    role: Literal["person", "viewer", "admin"]
    reason: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")


@router.post(
    "/auth/token",
    responses=answers(*PERSONAL, NotFound, Malformed)
    | links(
        200,
        list=Link("get", "/api/auth/tokens"),
        revoke=Link("delete", REVOKE, {"token_id": "$response.body#/id"}),
    ),
    openapi_extra=body_of(TokenWish),
)
async def issue_token(request: Request) -> MachineToken:
    """Trade the admin token, sent as a bearer token, for one that ends soon."""
    _rates(request).count(Cost.GUESS, f"admin token {address_of(request.client)}")
    wish = await parse(request, TokenWish)
    role = Role(wish.role)
    machines = services(request).identity.machines
    made = await machines.issue(bearer(request), wish.name, role)
    return MachineToken(id=made.id, token=made.token, role=role, expires_at=made.expires_at)


@router.get(
    "/auth/tokens",
    responses=answers(*PERSONAL)
    | links(200, revoke=Link("delete", REVOKE, {"token_id": "$response.body#/0/id"})),
)
async def list_tokens(request: Request, caller: Viewer) -> list[ListedToken]:
    """All tokens of machines, newest first."""
    rows = await services(request).identity.machines.every()
    return [ListedToken(**row._asdict()) for row in rows]


@router.delete(
    "/auth/tokens/{token_id}",
    status_code=204,
    response_class=Response,
    responses=answers(*PERSONAL, NotFound, Malformed),
)
async def revoke_token(request: Request, token_id: Id, caller: FreshAdmin) -> None:
    """End a token of a machine before its time."""
    await services(request).identity.machines.revoke(caller.actor, token_id)


@router.put(
    "/people/{user_id}/role",
    status_code=204,
    response_class=Response,
    responses=answers(BadRequest, *PERSONAL, NotFound, Conflict, Malformed),
    openapi_extra=body_of(RoleChange),
)
async def set_role(request: Request, user_id: Id, caller: FreshAdmin) -> None:
    """Give somebody another role; their sessions end."""
    change = await parse(request, RoleChange)
    roles = services(request).identity.roles
    await roles.set(caller.actor, user_id, Role(change.role), change.reason)


def _rates(request: Request) -> Rates:
    found: Rates = request.app.state.rates
    return found
