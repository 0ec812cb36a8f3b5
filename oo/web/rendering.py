"""Pages from templates; everything that a template shows is escaped."""

from typing import Any

from starlette.responses import HTMLResponse

from oo.kit.templates import environment

_templates = environment("oo.web")


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The template `name` with `values`."""
    return HTMLResponse(_templates.get_template(name).render(**values), status)


def message(title: str, detail: str, status: int, link: str, link_text: str) -> HTMLResponse:
    """A page that says one thing and offers one way on."""
    return page("message.html", status, title=title, detail=detail, link=link, link_text=link_text)
