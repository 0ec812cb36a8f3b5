"""`python -m scripts.icons`: the icons of the manifest, drawn by a browser from `icon.svg`.

*any* is the icon as it is; *maskable* fills its square and keeps the drawing in the safe zone (the
middle four fifths); *monochrome* is the drawing alone, of which systems use the shape.
"""

import re
import shutil
from pathlib import Path

from tests.e2e.browser import chromium

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "oo" / "web" / "static"
ICONS = STATIC / "icons"
SIZES = {"any": (192, 512), "maskable": (192, 512), "monochrome": (96, 512)}
PICTURES = ("tip-phone", "tip-desktop")


def drawings(svg: str) -> dict[str, str]:
    """The drawing for each purpose."""
    found = re.fullmatch(r"(<svg[^>]*>)(<rect[^>]*/>)(.*)(</svg>)", svg.strip(), re.DOTALL)
    if found is None:
        raise ValueError("icon.svg is a ground and a drawing on it")
    head, _, drawing, tail = found.groups()
    small = f'<g transform="translate(8 8) scale(.75)">{drawing}</g>'
    return {
        "any": svg,
        "maskable": f'{head}<rect width="64" height="64"/>{small}{tail}',
        "monochrome": f"{head}{drawing}{tail}",
    }


def main() -> None:
    """Draw them all, and put the pictures of the tip page beside them."""
    ICONS.mkdir(exist_ok=True)
    made = drawings((STATIC / "icon.svg").read_text())
    with chromium() as browser:
        for purpose, sizes in SIZES.items():
            for size in sizes:
                page = browser.new_page(viewport={"width": size, "height": size})
                page.set_content(f"<style>*{{margin:0}}svg{{display:block}}</style>{made[purpose]}")
                path = ICONS / f"{purpose}-{size}.png"
                page.screenshot(path=path, omit_background=True)
                page.close()
    for name in PICTURES:
        shutil.copy(ROOT / "docs" / "img" / f"{name}.png", ICONS / f"{name}.png")


if __name__ == "__main__":
    main()
