"""`oo admin`: the console in a terminal, of this machine's oO or of another's."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.orders import machine_user
from oo.cli.running import EVERYWHERE, as_running
from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest
from oo.kit.ids import new_id
from oo.kit.settings import http_address, load_settings

if TYPE_CHECKING:
    from oo.cli.console_client import ConsoleClient

admin = typer.Typer(
    help="The console in a terminal, by OO_ADMIN_TOKEN; also of another machine.",
    no_args_is_help=True,
)

Url = Annotated[str, typer.Option(help="Where oO is; the one of this machine unless given.")]


@admin.command()
def pages(url: Url = "") -> None:
    """The pages of the console, and what each can be asked."""
    from oo.cli.views.admin import show_pages

    show_pages(_client(url).pages())


@admin.command()
def show(
    page: Annotated[str, typer.Argument(help="A page: decisions, or people/ID.")],
    asked: Annotated[
        list[str] | None, typer.Argument(help="Filters and order: range=24h action=!done sort=-at.")
    ] = None,
    table: Annotated[str, typer.Option(help="One table of it; with --csv the first else.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One table as CSV.")] = False,
    url: Url = "",
) -> None:
    """Show a page, with the rows and columns that a browser would show."""
    import json

    from oo.cli.views.admin import show_page

    if as_json and as_csv:
        raise BadRequest("Say --json or --csv.")
    query, client = _pairs(asked or []), _client(url)
    if not as_csv:
        found = client.page(page, query)
        if table:
            named = [it for it in found["tables"] if it["name"] == table]
            if not named:
                there_are = ", ".join(it["name"] for it in found["tables"])
                raise BadRequest(f"There is no table {table!r} there; there are {there_are}.")
            found = found | {"tables": named}
        if as_json:
            sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        else:
            show_page(found)
        return
    table = table or next((it["name"] for it in client.page(page, query)["tables"]), "")
    if not table:
        raise BadRequest("There is no table on this page.")
    sys.stdout.write(client.csv(page, table, query))


@admin.command()
def do(
    action: Annotated[str, typer.Argument(help="An action: rebuild-profile.")],
    whom: Annotated[str, typer.Argument(help="To whom: the id of a person, a policy, an event.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log.")] = "",
    what: Annotated[str, typer.Option(help="To which part of it: a source, a consumer.")] = "",
    form: Annotated[
        list[str] | None, typer.Option(help="What it is told beside: policies=random,ebts.")
    ] = None,
    key: Annotated[str, typer.Option(help="Good once; made unless given.")] = "",
    to: Annotated[Path | None, typer.Option("--out", help="Where a file goes.")] = None,
    url: Url = "",
) -> None:
    """Do what a button of the console does, once, for a reason."""
    from oo.cli.views.admin import show_outcome

    if not reason.strip():
        raise BadRequest("Say why: --reason is kept with the change.")
    made = key or new_id(SystemClock())
    answer = _client(url).do(action, whom, what, reason.strip(), made, _pairs(form or []))
    if answer.headers["content-type"].startswith("application/json"):
        show_outcome(answer.json())
        return
    if to is None:
        raise BadRequest("Say where the file goes: --out FILE.")
    to.write_bytes(answer.content)
    out.print(f"{to}: {len(answer.content)} bytes")


def _client(url: str) -> "ConsoleClient":
    from oo.cli.console_client import ConsoleClient

    settings = load_settings()
    token = settings.admin_token.get_secret_value()
    if not url:
        here = as_running(settings)
        bound = http_address(EVERYWHERE.get(here.host, here.host), here.port)
        url = here.base_url if here.public_url else bound
    return ConsoleClient(url, token, f"oo admin, {machine_user()}"[:80])


def _pairs(asked: list[str]) -> dict[str, str]:
    found = {}
    for one in asked:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise BadRequest(f"{one!r} is not understood: write NAME=VALUE, such as range=24h.")
        found[name] = value
    return found


COMMAND = Command("admin", Group.RUN, admin)
