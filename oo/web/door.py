"""The door of the console: the web layer's check of sessions, tokens and roles, as a port."""

from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.datastructures import FormData

from oo.domain.console import Looker
from oo.domain.roles import Role
from oo.store.sessions import SessionRow
from oo.web.access import needs
from oo.web.auth import bearer
from oo.web.forms import checked_form, form_token


class Door:
    """Says who stands before the console."""

    async def looker(
        self, request: Request, role: Role, *, fresh: bool = False, back: str = "/admin"
    ) -> Looker:
        """Who asks, if they have the role; raises Unauthorized, RoleNeeded or SignInAgain."""
        caller = await needs(role, fresh=fresh, back=back)(request)
        if bearer(request):
            return Looker(caller.actor, caller.role, caller.actor, ZoneInfo("UTC"), "")
        session: SessionRow = request.state.session
        zone = ZoneInfo(session.timezone)
        name = session.name or session.email or "You"
        return Looker(caller.actor, caller.role, name, zone, form_token(request))

    async def form(self, request: Request) -> FormData:
        """The submitted form; raises Forbidden unless it was made for this session."""
        return await checked_form(request)
