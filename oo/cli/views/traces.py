"""How a trace looks in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from oo.cli.console import out
from oo.cli.traces import Node, Trace, details

BAR = 30
PIPE_WIDTH = 180  # the name of a span that stands deep is not cut


def show_trace(trace: Trace) -> None:
    """The trace as a tree with times, and below it what was done for it behind it."""
    _show(trace.root, f"trace {trace.id}")
    for one in trace.behind:
        later = (one.root.span.began - trace.root.span.began) / 1e6
        show_later(one, later)


def show_later(trace: Trace, later_ms: float) -> None:
    """What was done behind, and what behind that."""
    _show(trace.root, f"behind it, {later_ms:.0f} ms later: trace {trace.id}")
    for one in trace.behind:
        show_later(one, (one.root.span.began - trace.root.span.began) / 1e6)


def _show(root: Node, title: str) -> None:
    began, whole = root.span.began, max(root.ended - root.span.began, 1)
    at, took = Column("at ms", justify="right"), Column("ms", justify="right")
    what, where = Column("what", no_wrap=True), Column("where", no_wrap=True)
    bars = Column("", no_wrap=True)
    table = Table(at, took, bars, what, where, "", box=None, pad_edge=False, header_style="dim")
    for depth, node in root.rows():
        span = node.span
        name = escape(span.name)
        words = escape(details(node))
        table.add_row(
            f"{(span.began - began) / 1e6:.1f}",
            f"{(span.ended - span.began) / 1e6:.1f}",
            _bar(span.began - began, span.ended - began, whole),
            f"{'  ' * depth}{f'[bold]{name}[/bold]' if not depth else name}",
            f"[dim]{escape(span.part)}[/dim]",
            f"[red]{words}[/red]" if span.is_error else words,
        )
    out.print(f"\n{title}")
    width = out.width if out.is_terminal else PIPE_WIDTH
    Console(highlight=False, width=width).print(table)


def _bar(begins: int, ends: int, whole: int) -> str:
    first = min(round(begins / whole * BAR), BAR - 1)
    length = max(round((ends - begins) / whole * BAR), 1)
    return f"{' ' * first}[cyan]{'━' * min(length, BAR - first)}[/cyan]".ljust(BAR)
