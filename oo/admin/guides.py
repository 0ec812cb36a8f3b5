"""“What am I looking at”: each page's panel, out of `docs/console`."""

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

DOCS = Path(__file__).parents[2] / "docs" / "console"
RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"


@cache
def guide_of(page: str) -> Markup:
    """The page's guide as HTML; empty where it has none, or the documents are not installed."""
    file = DOCS / f"{page}.md"
    return as_html(file.read_text("utf-8")) if file.exists() else Markup("")


@cache
def runbooks() -> dict[str, str]:
    """The titles of all runbooks by their name."""
    found = {}
    for file in sorted(RUNBOOKS.glob("*.md")):
        first = file.read_text("utf-8").splitlines()[0]
        found[file.stem] = first.lstrip("# ").strip()
    return found


@cache
def runbook(name: str) -> Markup | None:
    """A runbook as HTML; None where there is none of that name."""
    return as_html((RUNBOOKS / f"{name}.md").read_text("utf-8")) if name in runbooks() else None


def as_html(text: str) -> Markup:
    """The little Markdown that the documents use: headings, paragraphs, lists, code, links."""
    blocks: list[Markup] = []
    for index, part in enumerate(re.split(r"^```\w*\n(.*?)^```$", text, flags=re.M | re.S)):
        if index % 2:
            blocks.append(Markup("<pre><code>{}</code></pre>").format(part.rstrip()))
            continue
        for block in re.split(r"\n\s*\n", part.strip()):
            if block.strip():
                blocks.append(_block(block.strip()))
    return Markup("\n").join(blocks)


def _block(block: str) -> Markup:
    heading = re.match(r"(#{1,4}) (.+)", block)
    if heading:
        level = len(heading[1]) + 1
        return Markup("<h{0}>{1}</h{0}>").format(level, _inline(heading[2]))
    lines = block.splitlines()
    if lines[0].startswith(("- ", "1. ")):
        tag = "ul" if lines[0].startswith("- ") else "ol"
        items = re.split(r"^(?:- |\d+\. )", block, flags=re.M)[1:]
        inner = Markup("").join(Markup("<li>{}</li>").format(_inline(_joined(it))) for it in items)
        return Markup("<{0}>{1}</{0}>").format(tag, inner)
    return Markup("<p>{}</p>").format(_inline(_joined(block)))


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _inline(text: str) -> Markup:
    said = str(escape(text))
    said = re.sub(r"`([^`]+)`", r"<code>\1</code>", said)
    said = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", said)
    # only to oO's own addresses: a document leads nowhere else
    said = re.sub(r"\[([^\]]+)\]\((/[\w/?=&;.-]*)\)", r'<a href="\2">\1</a>', said)
    said = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", said)
    return Markup(said)  # noqa: S704 - escaped above; the tags are ours
