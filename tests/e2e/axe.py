"""axe-core on a page: what keeps people with a screen reader or weak eyes out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
INSTALLED = AXE.exists()


ROWS = 6  # of a table; the others are made by the same template


def shorten(page: Page) -> None:
    """Leave the first rows of each table: what is in hundreds of cells takes axe minutes."""
    page.evaluate(
        "(most) => document.querySelectorAll('tbody').forEach("
        "(body) => [...body.rows].slice(most).forEach((row) => row.remove()))",
        ROWS,
    )


def violations(page: Page, only: Sequence[str] = ()) -> list[str]:
    """Each rule that the page breaks, with where; of those in `only`, if there are any."""
    # by the protocol, since the page's own policy lets in no foreign script
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    asked = {"runOnly": {"type": "rule", "values": [*only]}} if only else {}
    found: dict[str, Any] = page.evaluate("(asked) => axe.run(asked)", asked)
    return [
        f"{rule['id']}: {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in found["violations"]
    ]
