"""Every page before axe, and as wide as its window; and the app before Lighthouse.

Its release is the last that audits apps: later ones have no such category.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import oo.web.pages
from oo.kit.plugins import discover
from oo.web.page import Page
from tests.e2e import axe
from tests.e2e.browser import CHROMIUM, DESKTOP, PHONE, chromium
from tests.e2e.pushed import Pushed, pushed

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    pytest.mark.timeout(300),
]
LIGHTHOUSE = Path(__file__).parents[2] / "node_modules" / "lighthouse" / "cli" / "index.js"
STILL = "() => document.getAnimations().every((it) => it.playState === 'finished')"
CATEGORIES = ("pwa", "accessibility", "best-practices")
NO_PAGES = ("/manifest.webmanifest", "/sw.js")
# with what stands in the place of a parameter
NAMED = ("/legal/privacy", "/legal/terms")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    with chromium() as browser, pushed(browser, tmp_path_factory.mktemp("audits")) as found:
        found.shows_tip()
        yield found


def every_page() -> list[str]:
    """The addresses of all pages that are found by their place."""
    found = {
        route.path
        for page in discover(oo.web.pages, "PAGE", Page).values()
        for route in page.routes.routes
        if "GET" in getattr(route, "methods", ())
    }
    return sorted({*(it for it in found if "{" not in it), *NAMED} - set(NO_PAGES))


def test_no_page_keeps_out_people_with_a_screen_reader_or_weak_eyes(there: Pushed) -> None:
    page, faults = there.page, dict[str, list[str]]()
    for path in every_page():
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        page.goto(path)
        if page.url == f"{there.address}/":  # some lead there who is signed in
            there.shows_tip()
            page.wait_for_function(STILL)
        if found := axe.violations(page):
            faults[path] = found
        for size in (PHONE, DESKTOP):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                faults[f"{path} at {size['width']}"] = [f"{width} px wide"]
    assert faults == {}


@pytest.mark.skipif(not LIGHTHOUSE.exists(), reason="make .venv/.peers brings it")
def test_lighthouse_finds_no_fault(there: Pushed, tmp_path: Path) -> None:
    cookie = "; ".join(f"{it.get('name')}={it.get('value')}" for it in there.context.cookies())
    report = audited(f"{there.address}/", cookie, tmp_path)
    assert report["finalDisplayedUrl"] == f"{there.address}/", "audited is what was asked for"
    counted = [ref for name in CATEGORIES for ref in report["categories"][name]["auditRefs"]]
    weighed = {ref["id"] for ref in counted if ref["weight"]}
    assert len(weighed) > 20
    faults = {
        name: [report["audits"][name]["title"], report["audits"][name].get("details")]
        for name in sorted(weighed)
        if (report["audits"][name]["score"] or 0) < 1
        and report["audits"][name]["scoreDisplayMode"] not in ("notApplicable", "manual")
    }
    assert faults == {}


def audited(address: str, cookie: str, folder: Path) -> dict[str, Any]:
    """Lighthouse's report of the page, for whoever has the cookie."""
    subprocess.run(
        [
            "node",
            str(LIGHTHOUSE),
            address,
            "--output=json",
            f"--output-path={folder / 'report.json'}",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--extra-headers={json.dumps({'Cookie': cookie})}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
            "--no-enable-error-reporting",
            "--throttling-method=provided",
            "--quiet",
        ],
        env={**os.environ, "CHROME_PATH": str(CHROMIUM)},
        check=True,
        timeout=120,
        cwd=folder,
    )
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report
