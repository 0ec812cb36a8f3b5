"""`oo`: everything that an operator does from a shell."""

import sys

import typer
from rich.markup import escape

import oo.cli.commands
from oo.cli.command import Command, Group
from oo.cli.console import err
from oo.kit.errors import OoError
from oo.kit.logs import readable
from oo.kit.plugins import discover


def build(only: str = "") -> typer.Typer:
    """All commands, grouped as `oo --help` shows them; or the one of that name, if there is one.

    To import them all takes seconds, which nobody should wait who has said which one it is.
    """
    app = typer.Typer(
        help="oO shows a person one well-timed tip on a black page.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # a group, however few commands it has
    found = discover(oo.cli.commands, "COMMAND", Command, only.replace("-", "_")).values()
    for command in sorted(found, key=lambda it: (list(Group).index(it.group), it.name)):
        command.add_to(app)
    return app


def main() -> None:
    """The entry point: business errors become one clear line."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")()
    except OoError as error:
        err.print("[red]oo:[/red]", escape(error.detail))
        sys.exit(2)
    except Exception as error:
        said = readable((type(error), error, error.__traceback__))
        err.print("[red]oo:[/red]", escape(said))  # it may hold brackets of others
        sys.exit(1)


if __name__ == "__main__":
    main()
