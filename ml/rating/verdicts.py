"""What human readers said of tips: the rounds of the blind comparison, as data."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ml.rating.reading import Item, Reading
from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).parent / "blind"
SIDES = ("A", "B")
_BESIDE = re.compile(r"  \[(.*)\]$")  # the title that the page shows below, from round 5 on


class Judged(NamedTuple):
    """A tip and how useful and natural each reader found it, 1 to 5.

    `pair` names the tip's pair within its round, `is_ours` whether the product wrote it.
    """

    reading: Reading
    round: int
    pair: str
    is_ours: bool
    useful: tuple[int, ...]
    natural: tuple[int, ...]

    @property
    def mean(self) -> float:
        """How useful the readers found it on average."""
        return sum(self.useful) / len(self.useful)


def rounds() -> list[int]:
    """The numbers of the rounds that have verdicts."""
    return sorted({int(path.parts[-3]) for path in FOLDER.glob("rounds/*/verdicts/*.yaml")})


@cache
def judged() -> tuple[Judged, ...]:
    """Every tip of every round, pair by pair."""
    lists = {found["id"]: found for found in read_yaml(FOLDER / "lists.yaml")}
    return tuple(one for number in rounds() for one in _of_round(number, lists))


def _of_round(number: int, lists: dict[str, dict[str, Any]]) -> Iterator[Judged]:
    folder = FOLDER / "rounds" / str(number)
    pairs = read_yaml(folder / "pairs.yaml")
    readers = [
        {row["id"]: row for row in read_yaml(path)}
        for path in sorted((folder / "verdicts").glob("*.yaml"))
    ]
    for pair in pairs:
        said = [rows[pair["id"]] for rows in readers]
        for side in SIDES:
            yield Judged(
                _reading(lists[pair["list"]], pair[side]),
                number,
                pair["id"],
                pair["key"] == side,
                tuple(row[side]["useful"] for row in said),
                tuple(row[side]["natural"] for row in said),
            )


def _reading(found: dict[str, Any], tip: str) -> Reading:
    items = tuple(Item(row["title"], row["due"], row["age"]) for row in found["tasks"])
    shown = None
    if beside := _BESIDE.search(tip):
        titles = [item.title for item in items]
        shown = titles.index(beside[1]) if beside[1] in titles else None
        tip = tip[: beside.start()]
    return Reading(found["id"], found["language"], found["hour"], items, tip, shown=shown)
