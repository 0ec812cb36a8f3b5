"""The tables of `docs/data.md` say what the categories say.

`python -m tests.unit.test_data_doc` writes them anew.
"""

import re
from pathlib import Path

from oo.domain.consents import purposes
from oo.kit.setting_groups import Retention
from oo.store.category import EXCLUDED, categories

DOCUMENT = Path(__file__).parents[2] / "docs" / "data.md"
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)


def tables() -> list[str]:
    """The tables of the document, in order."""
    kept = [
        f"| {one.title} | {', '.join(f'`{held.name}`' for held in one.holds)} |"
        f" {one.kept(Retention())} | {'yes' if one.erase else ''} |"
        for one in categories().values()
    ]
    withheld = [
        f"| `{held.name}.{column}` | {reason} |"
        for one in categories().values()
        for held in one.holds
        for column, reason in held.withheld.items()
    ]
    left_out = [f"| `{name}` | {reason} |" for name, reason in EXCLUDED.items()]
    allowed = [
        f"| `{one.name}` | {one.version} | {_begins(one.implied, one.switch)} | {one.words} |"
        for one in purposes().values()
    ]
    heads = (
        ["| Category | Tables | Kept | Can be erased alone |", "|---|---|---|---|"],
        ["| Column | Why no export has it |", "|---|---|"],
        ["| Table | Why it belongs to nobody |", "|---|---|"],
        ["| Purpose | Version | Given by | What it means |", "|---|---|---|---|"],
    )
    bodies = (kept, withheld, left_out, allowed)
    return ["\n".join([*head, *body]) + "\n" for head, body in zip(heads, bodies, strict=True)]


def _begins(implied: bool, switch: bool) -> str:
    if not implied:
        return "the switch alone"
    return "connecting a source that tells it" if switch else "signing in"


def written(text: str) -> str:
    """The document with its tables made anew."""
    made = iter(tables())
    return TABLE.sub(lambda _: next(made), text)


def test_the_document_says_what_is_kept_and_how_long() -> None:
    text = DOCUMENT.read_text()
    assert len(TABLE.findall(text)) == len(tables())
    assert text == written(text), "python -m tests.unit.test_data_doc writes the tables anew"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
