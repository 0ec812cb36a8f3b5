"""axe-core on a page of a browser."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def faults_of(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is shown now; it comes past the page's CSP."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{it['id']}: {node['html']} {node['failureSummary']}"
        for it in found["violations"]
        for node in it["nodes"]
    ]
