"""Routes that a person's browser opens: errors are pages, and a stranger is led to sign-in."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from oo.web.problems import answer

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose errors are pages, unless the request asks for something else."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_as_page(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:  # the one mapping from errors to answers tells them apart
                return answer(request, error, on_page=True)

        return handle_as_page
