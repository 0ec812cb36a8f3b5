"""A kind of work: examples, cues, steps by language and situation, and what else is true of it."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field, model_validator

from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).with_name("kinds")

Texts = Annotated[tuple[str, ...], Len(min_length=1)]


class Situation(StrEnum):
    """How a task stands, as far as the first step depends on it."""

    FRESH = "fresh"
    SOON = "soon"
    LATE = "late"
    WAITING = "waiting"
    NIGHT = "night"


class Medium(StrEnum):
    """Where, or by what, the work is done."""

    PHONE = "phone"
    COMPUTER = "computer"
    ERRAND = "errand"
    HOME = "home"
    OUTDOORS = "outdoors"
    ANYWHERE = "anywhere"


class Stake(StrEnum):
    """What it costs when the work is not done."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Frozen(BaseModel):
    """A part of a file; a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Wording(Frozen):
    """A kind of work in one language.

    `titles` are examples as people write them. `verbs` decide for the kind where a title has one;
    `nouns` only hint at it. Of both, ``*`` ends a word that may go on, and stands alone for up to
    three words.
    """

    titles: Texts
    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    steps: dict[Situation, Texts]

    @model_validator(mode="after")
    def _complete(self) -> "Wording":
        if missing := set(Situation) - set(self.steps):
            raise ValueError(f"no steps for {', '.join(sorted(missing))}")
        return self


class Activity(Frozen):
    """One kind of work.

    `minutes` are the least and the most that one sitting usually takes. `office_hours` says whether
    it needs the opening hours of others, `quiet` whether it needs concentration. Activities of one
    `batch` can be done in one go. `may_drop` is true only of what a person may let go.
    """

    name: str
    medium: Medium
    minutes: tuple[Annotated[int, Field(gt=0)], Annotated[int, Field(le=480)]]
    office_hours: Literal["always", "sometimes", "never"]
    quiet: bool
    batch: str | None
    involves_others: bool
    may_drop: bool
    stake: Stake
    blocked_by: str
    wordings: dict[str, Wording]

    def steps(self, language: str, situation: Situation) -> tuple[str, ...]:
        """The steps in that language; empty where the activity lacks the language."""
        wording = self.wordings.get(language)
        return () if wording is None else wording.steps[situation]


@cache
def activities(folder: Path = FOLDER) -> dict[str, Activity]:
    """Every activity by its name, which is that of its file."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.yaml"))}


def load(path: Path) -> Activity:
    """The activity of one file. Raises OSError or pydantic's ValidationError."""
    body = read_yaml(path)
    attributes = {key: value for key, value in body.items() if key in Activity.model_fields}
    wordings = {key: value for key, value in body.items() if key not in attributes}
    return Activity.model_validate({**attributes, "name": path.stem, "wordings": wordings})
