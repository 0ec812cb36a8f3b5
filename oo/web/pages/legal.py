"""What people agree to, as pages, and the question again when it has changed."""

from functools import cache

from fastapi import Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import RedirectResponse, Response

from oo.domain.legal import Document, documents
from oo.kit.errors import NotFound
from oo.store import consents
from oo.store.consents import Said
from oo.web.auth import person
from oo.web.forms import checked_form, form_token
from oo.web.page import Page, page_routes
from oo.web.rendering import page
from oo.web.services import services

router = page_routes()
HOW = "new version"


@router.get("/legal/{name}")
async def show_document(request: Request, name: str) -> Response:
    """One document, for anybody."""
    document = documents().get(name)
    if document is None:
        raise NotFound("There is no such document.")
    return page("legal.html", document=document, text=_rendered(document))


@router.get("/agree")
async def ask_again(request: Request) -> Response:
    """What has changed since the person agreed, and the question whether they still do."""
    session = await person(request)
    async with services(request).db.read() as connection:
        changed = await not_agreed(connection, session.user_id)
    if not changed:
        return RedirectResponse("/", 303)
    return page("agree.html", documents=changed, csrf=form_token(request))


@router.post("/agree")
async def agree(request: Request) -> Response:
    """The person agrees to the versions that the page showed."""
    session = await person(request)
    form = await checked_form(request)
    parts = services(request)
    now = parts.clock.now()
    async with parts.db.write() as connection:
        said = [
            Said(one.name, one.version, given=True, at=now, how=HOW)
            for one in await not_agreed(connection, session.user_id)
            if form.get(one.name) == str(one.version)
        ]
        await consents.record(connection, session.user_id, said)
    return RedirectResponse("/", 303)


async def not_agreed(connection: AsyncConnection, user_id: str) -> list[Document]:
    """The documents whose version of today the person has not agreed to."""
    said = await consents.newest(connection, user_id)
    return [
        one
        for one in documents().values()
        if one.name not in said or said[one.name].version < one.version
    ]


@cache
def _rendered(document: Document) -> Markup:
    # the default of this library escapes whatever HTML is in the text
    return Markup(MarkdownIt("js-default").render(document.text))  # noqa: S704 - our own file


PAGE = Page("legal", router)
