"""`python -m scripts.console_pictures [FOLDER]`: pictures of the console for `docs/img`.

FOLDER holds a demonstration's store (`test.db`); without it a small one is made.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.e2e.browser import DESKTOP, PHONE, chromium
from tests.peers.demo import OTHERS, Demonstration, demonstrate, lookers
from tests.peers.serving import served
from tests.unit.web.served import Served

IMAGES = Path(__file__).parents[1] / "docs" / "img"


async def made(folder: Path, *, is_there: bool) -> Demonstration:
    """A cookie of the owner, and a decision that can be explained."""
    if not is_there:
        await demonstrate(folder, 40, 14)
    return await lookers(folder)


def main() -> None:
    """Three pictures: the overview, a decision, and rewards on a phone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(name)
        found = asyncio.run(made(folder, is_there=len(sys.argv) > 1))
        with served(Served(folder, others=OTHERS)) as address, chromium() as browser:
            for path, shape, scheme, picture in (
                ("overview?range=30d", DESKTOP, "light", "console-overview"),
                (f"decisions/{found.tip}?replay=true", DESKTOP, "dark", "console-decision"),
                ("rewards?by=prompt", PHONE, "light", "console-rewards-phone"),
            ):
                context = browser.new_context(viewport=shape, color_scheme=scheme)
                context.add_cookies([{"name": "sid", "value": found.admin, "url": address}])
                page = context.new_page()
                page.goto(f"{address}/admin/{path}")
                page.wait_for_timeout(500)  # charts are drawn
                page.screenshot(path=IMAGES / f"{picture}.png")
                context.close()


if __name__ == "__main__":
    main()
