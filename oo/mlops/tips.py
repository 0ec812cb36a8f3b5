"""Tips on trial: what would be said of a list, and how good that is by rule."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ml.composing.choosing import choose
from ml.composing.evaluation import Quality, Recognition, quality, recognition
from ml.composing.model_evaluation import Written, written
from ml.composing.writing import knowing_composer
from ml.generation.aliases import Aliases
from ml.generation.settings import Budgets, load_settings
from ml.languages.language import languages
from oo.domain.standing import Standing
from oo.domain.tasks import Task
from oo.kit.errors import BadRequest
from oo.kit.setting_groups import LanguageModel
from oo.recommend.assembly import assemble

# what the command line works with; it does not see `ml`
__all__ = ["Composed", "TipReport", "Written", "compose", "evaluate", "evaluate_model"]


class Composed(NamedTuple):
    """A tip that would be offered, with the kind of work of its task where it is known."""

    kind: str
    content: str
    activity: str | None
    insight: str


class TipReport(NamedTuple):
    """What an evaluation found, by language; `None` as a language means all."""

    recognition: Mapping[str | None, Recognition]
    quality: Mapping[str, Quality]


def evaluate(
    sets: int, seed: int, each: Callable[[Sequence[str]], Iterable[str]] = iter
) -> TipReport:
    """Judge `sets` sets of tips per language; `each` goes over the languages and may show it."""
    composer = knowing_composer()
    told: dict[str | None, Recognition] = {None: recognition(composer.recogniser)}
    found: dict[str, Quality] = {}
    for code in each(tuple(languages())):
        told[code] = recognition(composer.recogniser, code)
        found[code] = quality(composer, code, sets, seed)
    return TipReport(told, found)


def evaluate_model(
    alias: str,
    sets: int,
    seed: int,
    file: Path,
    model: LanguageModel,
    each: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Mapping[str, Written]:
    """Have the model behind the alias write `sets` sets per language, and judge them.

    The alias is one of `file`; `model`, where it names one, is `tip-generator`. Whoever runs this
    asks for it, so that budgets and the switch for cloud models do not hold. Raises BadRequest.
    """
    settings = load_settings(file, model, allow_cloud=True)
    if alias not in settings.aliases:
        raise BadRequest(f"No alias {alias!r}; there are {', '.join(settings.aliases)}.")
    one = settings.aliases[alias]
    if one.is_own:
        raise BadRequest(f"{one.model} answers only within the running oO.")
    free = Budgets(cloud_tokens_per_person=None, cloud_usd=None)
    aliases = Aliases(settings.model_copy(update={"budgets": free}))
    composer = knowing_composer()

    async def all_languages() -> dict[str, Written]:
        return {
            code: await written(composer, aliases, alias, code, sets, seed)
            for code in each(tuple(languages()))
        }

    return asyncio.run(all_languages())  # once: what waits for its turn belongs to one loop


def compose(
    tasks: Sequence[Task], zone: ZoneInfo, now: datetime, count: int, seed: int
) -> list[Composed]:
    """The tips that would be offered to somebody with this list at that instant."""
    composer = knowing_composer()
    context = assemble(Standing(tasks, zone).at(now), tasks)
    lines = choose(composer.lines(context, Random(seed)), count)
    return [Composed(one.kind.value, one.content, one.activity, one.insight) for one in lines]
