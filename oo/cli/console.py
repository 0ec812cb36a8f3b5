"""Where commands print."""

from rich.console import Console

READABLE_WIDTH = 120  # a pipe counts as narrow, and figures that wrap are hard to read

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def wide() -> Console:
    """A console for tables."""
    return Console(highlight=False, width=max(out.width, READABLE_WIDTH))
