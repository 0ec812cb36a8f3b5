"""A language: the sentences of facts, the forms of numbers, days and hours (CLDR through Babel)."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.dates import get_day_names
from babel.units import format_unit
from pydantic import ConfigDict, Field

from ml.activities.activity import Frozen, Situation, Texts
from oo.domain.context import DayPart
from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).parent
FALLBACK = "en"
WEEKS_FROM = 21  # days from which on people speak of weeks


class Named(Frozen):
    """What is said of facts whose tasks have names: `before` a step or alone, or `after` a step.

    A sentence holds ``{n}``, ``{m}`` and ``{o}`` for names (``{N}`` and ``{M}`` where one opens
    it), and ``[is|are]`` for what agrees with the first of them.
    """

    before: dict[str, Texts] = Field(default_factory=dict)
    after: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Language(Frozen):
    """How facts are said; the names of `facts` are those of insights.

    A sentence holds ``{q}``, ``{r}`` and ``{s}`` for quoted titles, and ``{days}``, ``{weekday}``,
    ``{moment}``, ``{time}``, ``{count}`` or ``{of}``; those of sub-agents have a file of their own.
    `gap` parts sentences, and is empty where words are not parted either; `units` is the length of
    the spans that people write and Babel has. `after` are the sentences of facts that follow a
    step, where the title stands beside the tip and not in it; an empty one says nothing. `unknown`
    are steps for a task whose kind of work is not known; `named` are sentences with names in them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    code: str
    quotes: tuple[str, str]
    gap: str
    units: Literal["long", "short"]
    over: str
    moment: str
    parts: dict[DayPart, str]
    facts: dict[str, Texts]
    after: dict[str, tuple[str, ...]]
    unknown: dict[Situation, Texts] = Field(min_length=len(Situation))
    named: Named = Named()

    def quoted(self, title: str) -> str:
        """A title between the marks of the language."""
        return f"{self.quotes[0]}{title}{self.quotes[1]}"

    def weekday(self, number: int) -> str:
        """The name of a day, 0 for Monday, as it stands in a sentence."""
        return _weekday(self.code, number % 7)

    def span(self, days: int) -> str:
        """``12 days``; from three weeks on ``over 3 weeks``, which is true of a few days more."""
        if days < WEEKS_FROM:
            return self._unit(days, "day")
        weeks, rest = divmod(days, 7)
        text = self._unit(weeks, "week")
        return self.over.format(span=text) if rest else text

    def moment_of(self, weekday: int, part: DayPart) -> str:
        """``Tuesday morning``."""
        return self.moment.format(weekday=self.weekday(weekday), part=self.parts[part])

    def _unit(self, number: int, unit: str) -> str:
        text = _duration(self.code, number, unit, self.units)
        return text if self.gap else text.replace(" ", "")


@lru_cache
def _weekday(code: str, number: int) -> str:
    return str(get_day_names("wide", context="format", locale=Locale.parse(code))[number])


@lru_cache(2_000)  # Babel takes milliseconds, and a set says the same few spans many times
def _duration(code: str, number: int, unit: str, length: Literal["long", "short"]) -> str:
    return format_unit(number, f"duration-{unit}", length, locale=Locale.parse(code))


@cache
def languages(folder: Path = FOLDER) -> dict[str, Language]:
    """Every language by its code, which is the name of its folder."""
    return {path.parent.name: _load(path) for path in sorted(folder.glob("*/facts.yaml"))}


def _load(path: Path) -> Language:
    body = read_yaml(path)
    of_agents = path.with_name("agents.yaml")
    more = read_yaml(of_agents) if of_agents.exists() else {}
    of_names = path.with_name("named.yaml")
    named = read_yaml(of_names) if of_names.exists() else {}
    facts = {**body["facts"], **more}
    return Language.model_validate(
        {**body, "facts": facts, "named": named, "code": path.parent.name}
    )
