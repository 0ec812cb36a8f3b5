"""`oo agents`: what sub-agents say of a person."""

from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.kit.clock import SystemClock
from oo.kit.settings import load_settings
from oo.vault.offline import with_store


def agents(
    user: Annotated[str, typer.Option(help="The id of a person.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print plain data.")] = False,
) -> None:
    """Say what each sub-agent says of a person, from what, how fresh, and for how many tokens."""
    from oo.cli.views.agents import show
    from oo.mlops.agents import listen_offline
    from oo.web.agents import AgentsSaid

    report = with_store(load_settings(), lambda db: listen_offline(db, SystemClock(), user))
    if as_json:
        typer.echo(AgentsSaid.of(report).model_dump_json(indent=2))
    else:
        show(report)


COMMAND = Command("agents", Group.PEOPLE, agents)
