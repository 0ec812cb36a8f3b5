"""axe-core on a page: what keeps people with a screen reader or weak eyes out."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
INSTALLED = AXE.exists()


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with where."""
    # by the protocol, since the page's own policy lets in no foreign script
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    return [
        f"{rule['id']}: {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in found["violations"]
    ]
