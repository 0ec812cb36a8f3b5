"""Judging tips: those of a file or the product's own, by rule or by a model."""

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from ml.composing.choosing import choose
from ml.composing.evaluation import SET, drawn
from ml.composing.writing import knowing_composer
from ml.embedding.embedder import sentence_encoder
from ml.languages.detection import language_of
from ml.languages.language import languages
from ml.rating import calibration
from ml.rating.calibration import Agreement, Coefficients
from ml.rating.judges import tip_judges
from ml.rating.judging import Opinion
from ml.rating.measures import Measures
from ml.rating.reading import Item, Reading, is_beside, readings_of
from ml.rating.rubric import Aspect, rubric
from ml.rating.verdicts import judged
from oo.kit.errors import BadRequest

__all__ = ["Agreement", "Aspect", "Coefficients", "Judgement", "Opinion", "rubric"]

RULE = "rule"


class Judgement(NamedTuple):
    """A tip and what the judge said of it; None where its answer made no sense."""

    reading: Reading
    opinion: Opinion | None


class Fitted(NamedTuple):
    """New coefficients, and how such agree with readers on lists that they did not see."""

    coefficients: Coefficients
    agreement: Agreement


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    due: int | None = None
    age: int | None = None


class _Row(BaseModel):
    """One tip of a file; `list` is titles, or a text of them parted by `|`."""

    model_config = ConfigDict(extra="ignore")

    list: list[_Item]
    hour: int = Field(default=9, ge=0, le=23)
    tip: str = Field(min_length=1)
    language: str | None = None

    @field_validator("list", mode="before")
    @classmethod
    def _titles(cls, value: Any) -> Any:
        parts = value.split("|") if isinstance(value, str) else value
        if not isinstance(parts, list):
            return parts
        named = [{"title": one.strip()} if isinstance(one, str) else one for one in parts]
        return [one for one in named if one != {"title": ""}]

    @field_validator("language")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value and value not in languages():
            raise ValueError(f"the languages are {', '.join(languages())}")
        return value or None


def read_file(path: Path) -> list[Reading]:
    """The tips of a CSV, JSON or YAML file. Raises BadRequest where it cannot be understood."""
    try:
        rows = TypeAdapter(list[_Row]).validate_python(_rows(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRequest(f"{path.name}: {first['msg']} at {where}.") from error
    except (ValueError, yaml.YAMLError) as error:
        raise BadRequest(f"{path.name} cannot be read: {error}") from error
    return list(_readings(rows))


def own_set(sets: int, seed: int) -> list[Reading]:
    """The product's tips, `sets` sets in each language, over lists drawn from held-out titles."""
    composer = knowing_composer()
    found = []
    for code in languages():
        random = Random(f"{seed} {code}")
        for number in range(sets):
            context = drawn(code, random)
            lines = choose(composer.lines(context, random), SET)
            texts = [one.content for one in lines]
            shown = [one.index if is_beside(one.claims) else None for one in lines]
            found += readings_of(context, code, f"{code}-{number}", texts, shown)
    return found


async def judge(name: str, readings: Sequence[Reading], aliases: Path) -> list[Judgement]:
    """What a judge says of each tip; `aliases` is the file that a judge with a model asks through.

    Raises BadRequest if there is no such judge, Unavailable if its model does not answer.
    """
    from ml.generation.aliases import Aliases
    from ml.generation.settings import JUDGE, load_settings

    known = tip_judges()
    if name not in known:
        raise BadRequest(f"There is no judge {name!r}: there are {', '.join(known)}.")
    models = None if name == RULE else Aliases(load_settings(aliases)).completer(JUDGE)
    opinions = await known[name].judge(readings, models)
    return [Judgement(*both) for both in zip(readings, opinions, strict=True)]


def fit() -> Fitted:
    """Fit the rule to all verdicts of readers; nothing is written."""
    tips = judged()
    measured = Measures(sentence_encoder())([tip.reading for tip in tips])
    scores = calibration.out_of_list(measured, tips)
    return Fitted(calibration.fit(measured, tips), calibration.agreement(scores, tips))


def save(fitted: Fitted) -> Path:
    """Make these the coefficients of the rule; where they lie."""
    calibration.save(fitted.coefficients)
    return calibration.FILE


def _rows(path: Path) -> Any:
    text = path.read_text("utf-8-sig")
    if path.suffix.lower() == ".csv":
        return list(csv.DictReader(StringIO(text, newline="")))
    return json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)


def _readings(rows: Sequence[_Row]) -> Iterator[Reading]:
    said: dict[tuple[Item, ...], list[str]] = {}
    for row in rows:
        items = tuple(Item(one.title, one.due, one.age) for one in row.list)
        before = said.setdefault(items, [])
        language = row.language or language_of([i.title for i in items], lambda _: ()).code
        place = f"{list(said).index(items) + 1}"
        yield Reading(place, language, row.hour, items, row.tip, tuple(before))
        before.append(row.tip)
