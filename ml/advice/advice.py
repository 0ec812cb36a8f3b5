"""A piece of advice: when it is apt, and its words in each language."""

from enum import StrEnum
from functools import cache
from pathlib import Path

from ml.activities.activity import Frozen, Texts
from ml.insights.insight import SATURDAY, Scene
from oo.domain.context import DayPart
from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).with_name("pieces")
HEAVY = 12  # open tasks from which on a list weighs
MANY_LATE = 4


class Load(StrEnum):
    """What a list must weigh for the advice to be apt."""

    ANY = "any"
    LIGHT = "light"
    HEAVY = "heavy"


class Advice(Frozen):
    """One piece.

    `parts` are those of the day that it suits, `load` what the list must weigh, `weekend` on which
    days only, if it matters. `source` says where an effect that it claims was shown.
    """

    name: str
    parts: frozenset[DayPart]
    load: Load
    weekend: bool | None
    source: str | None
    texts: dict[str, Texts]

    def suits(self, scene: Scene) -> bool:
        """Whether it is apt now."""
        context = scene.context
        is_heavy = context.open_count >= HEAVY or context.overdue_count >= MANY_LATE
        load = Load.HEAVY if is_heavy else Load.LIGHT
        is_weekend = context.weekday >= SATURDAY
        return (
            context.daypart in self.parts
            and self.load in (Load.ANY, load)
            and self.weekend in (None, is_weekend)
        )


@cache
def pieces(folder: Path = FOLDER) -> dict[str, Advice]:
    """Every piece of advice by its name, which is that of its file."""
    return {path.stem: _load(path) for path in sorted(folder.glob("*.yaml"))}


def _load(path: Path) -> Advice:
    body = read_yaml(path)
    return Advice.model_validate({**body, "name": path.stem})
