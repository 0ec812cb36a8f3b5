"""Routes that a person's browser opens: errors are pages, and a stranger is led to sign-in."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from oo.kit.errors import OoError, Unauthorized
from oo.web.rendering import message

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose business errors are shown on a page instead of as problem details."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            try:
                return await handle(request)
            except Unauthorized:
                return RedirectResponse(_sign_in(request.url.path), 303)
            except OoError as error:
                way = ("/sign-in", "Back to sign-in")
                if not request.url.path.startswith("/auth/"):
                    way = ("/connect", "Back")
                return message(error.title, error.detail, error.status, *way)

        return handle_as_page


def _sign_in(path: str) -> str:
    if path.startswith(("/connect", "/sessions")):
        return f"/sign-in?{urlencode({'next': '/connect'}, safe='/')}"
    return "/sign-in"
