"""The person behind a request."""

from fastapi import Request

from oo.identity.sessions import cookie_name, hash_token
from oo.identity.sudo import check_fresh
from oo.kit import scope
from oo.kit.errors import Forbidden, Unauthorized
from oo.store.sessions import SessionRow
from oo.web.rates import Cost, Rates
from oo.web.services import services

BEARER = "bearer "


class OtherPerson(Forbidden):
    """A page of one person acts in a session of another."""

    code, title = "other_person", "This page is not yours"


async def person(request: Request, cost: Cost = Cost.PAGE) -> SessionRow:
    """The live session of the request; raises Unauthorized when there is none.

    The request counts among the person's of that cost: raises TooManyRequests for too many.

    A page says in `X-Person` for whom it was made, as somebody else may have signed in since:
    raises OtherPerson then.
    """
    refuse_early(request, cost)
    parts = services(request)
    session = await parts.accounts.of(request.cookies.get(cookie_name(parts.settings)))
    scope.found(session.user_id)
    rates: Rates = request.app.state.rates
    rates.known(request.client)
    rates.count(cost, session.user_id, session.token_hash)
    if request.headers.get("x-person", session.user_id) != session.user_id:
        raise OtherPerson("Somebody else has signed in here. Reload the page.")
    return session


def refuse_early(request: Request, cost: Cost) -> None:
    """Raise TooManyRequests if the session of the request was told so and the time is not over.

    It costs no look at the store, and no turn of those who wait for one.
    """
    rates: Rates = request.app.state.rates
    if rates.refuses:
        token = request.cookies.get(cookie_name(services(request).settings), "")
        rates.look(cost, hash_token(token))


def bearer(request: Request) -> str:
    """The token that a program sent, empty where it sent none."""
    header = request.headers.get("authorization", "")
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else ""


async def is_somebody(request: Request) -> bool:
    """Whether a person or a machine is behind the request; nothing is counted."""
    parts = services(request)
    try:
        if token := bearer(request):
            await parts.identity.machines.of(token)
        else:
            await parts.accounts.of(request.cookies.get(cookie_name(parts.settings)))
    except Unauthorized:
        return False
    return True


async def fresh_person(
    request: Request, cost: Cost = Cost.PAGE, back: str | None = None
) -> SessionRow:
    """As `person`, who has signed in within the last ten minutes; raises SignInAgain otherwise.

    A person is then led through sign-in and to `back`, a page; without it, to where a GET goes,
    or from a form to the connect page.
    """
    session = await person(request, cost)
    here = request.url.path if request.method in ("GET", "HEAD") else "/connect"
    check_fresh(session, services(request).clock, back or here)
    return session
