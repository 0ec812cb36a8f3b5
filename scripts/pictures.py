"""`python -m scripts.pictures`: the answer to an import in a real browser, for `docs/img`."""

import asyncio
import tempfile
from pathlib import Path

from tests.bench.seed import seed
from tests.e2e.browser import PHONE, chromium
from tests.peers.serving import served
from tests.unit.web.served import Served

ROOT = Path(__file__).parents[1]
CASE = ROOT / "tests" / "cases" / "01-export-de.csv"
PICTURE = ROOT / "docs" / "img" / "import-phone.png"


def main() -> None:
    """Hand in a list on the connect page and take a picture of what is answered."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (cookie,) = asyncio.run(seed(folder / "test.db", 1, 0)).cookies
        with served(Served(folder)) as address, chromium() as browser:
            context = browser.new_context(viewport=PHONE, device_scale_factor=2)
            context.add_cookies([{"name": "sid", "value": cookie, "url": address}])
            page = context.new_page()
            page.goto(f"{address}/connect")
            page.set_input_files("input[type=file]", CASE)
            page.click("form.import button")
            page.locator(".imported").scroll_into_view_if_needed()
            page.screenshot(path=PICTURE)
            context.close()


if __name__ == "__main__":
    main()
