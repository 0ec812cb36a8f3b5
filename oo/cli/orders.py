"""Who changes something and why: the options of commands that leave an audited row."""

import getpass
import os
from typing import TYPE_CHECKING, Annotated

import typer

from oo.kit.clock import SystemClock
from oo.kit.errors import BadRequest

if TYPE_CHECKING:
    from oo.mlops.roles import Order

Reason = Annotated[str, typer.Option(help="Why; it is kept with the change.")]
Actor = Annotated[str, typer.Option(help="Who; the user of this machine unless given.")]


def order_of(actor: str, reason: str) -> "Order":
    """The order as of now; raises BadRequest without a reason."""
    from oo.mlops.roles import Order

    if not reason.strip():
        raise BadRequest("Say why: --reason is kept with the change.")
    return Order(actor or machine_user(), reason.strip(), SystemClock().now())


def operator() -> str:
    """Who runs this command, as the audit log names them."""
    return f"operator:{machine_user()}"


def machine_user() -> str:
    """The name of this machine's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"
