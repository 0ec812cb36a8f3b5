"""What a person sees of an error: one calm page that says it, with a way on."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from oo.web.rendering import message

BEHIND_THE_GEAR = ("/connect", "/sessions", "/identities", "/passkeys", "/why")


class _Way(NamedTuple):
    """Where a page leads, and how its link is called."""

    path: str
    text: str


def error_page(
    path: str, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The page of an error at `path`."""
    answer = message(title, detail, status, *_way_on(path))
    answer.headers.update(headers or {})
    return answer


def to_sign_in(path: str) -> Response:
    """Lead a stranger who asked for `path` to sign-in, and back from there."""
    if path.startswith("/admin"):
        return RedirectResponse(f"/sign-in?{urlencode({'next': path}, safe='/')}", 303)
    for way in ("/passkeys", "/identities"):
        if path.startswith(way):
            return RedirectResponse(f"/sign-in?next={way}", 303)
    if path.startswith(("/connect", "/sessions")):
        return RedirectResponse(f"/sign-in?{urlencode({'next': '/connect'}, safe='/')}", 303)
    return RedirectResponse("/sign-in", 303)


def to_sign_in_again(back: str) -> Response:
    """Lead somebody whose sign-in is too long ago through another one, and to `back`."""
    return RedirectResponse(f"/sign-in/again?{urlencode({'next': back}, safe='/')}", 303)


def _way_on(path: str) -> _Way:
    if path.startswith("/auth/"):
        return _Way("/sign-in", "Back to sign-in")
    if path.startswith("/admin"):
        return _Way("/admin/overview", "Back to the console")
    if path.startswith(BEHIND_THE_GEAR):
        return _Way("/connect", "Back")
    return _Way("/", "Back to the tip")
