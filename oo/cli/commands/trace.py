"""`oo trace`: what a tip was made of, across processes."""

from pathlib import Path
from typing import Annotated

import typer

from oo.cli.command import Command, Group
from oo.cli.console import out
from oo.cli.traces import TIP, Traces
from oo.cli.views.traces import show_trace
from oo.cli.views.waterfall import waterfall
from oo.kit.settings import load_settings
from oo.kit.trace_files import read_spans


def trace(
    trace_id: Annotated[
        str, typer.Argument(help="The beginning of a trace's id, or a request_id of the logs.")
    ] = "",
    last: Annotated[bool, typer.Option("--last", help="The newest one; so it is anyway.")] = False,
    slowest: Annotated[bool, typer.Option("--slowest", help="The one that took longest.")] = False,
    name: Annotated[str, typer.Option(help="Of what: the name of a first span.")] = TIP,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this SVG file.")] = None,
) -> None:
    """Show the trace of a tip, as OO_TRACING__FILE=true has it kept in the data folder."""
    if sum((bool(trace_id), last, slowest)) > 1:
        raise typer.BadParameter("one of TRACE_ID, --last and --slowest")
    kept = Traces(read_spans(load_settings().data_dir))
    chosen = kept.slowest if slowest else kept.last
    found = kept.find(trace_id) if trace_id else chosen(name)
    if picture is None:
        show_trace(found)
        return
    picture.write_text(waterfall(found))
    out.print(f"{picture} shows trace {found.id}")


COMMAND = Command("trace", Group.RUN, trace)
