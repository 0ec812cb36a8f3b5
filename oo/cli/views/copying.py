"""How the copying of a store looks in a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from oo.cli.console import err


@contextmanager
def copying(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar that is told how many bytes went by; it moves to and fro where nobody knows of how
    many."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
