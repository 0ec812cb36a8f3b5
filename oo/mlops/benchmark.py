"""Benchmarks of models and prompts: who competes, over which lists, and what is kept of it."""

import asyncio
import csv
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ml.composing.composer import Composer
from ml.composing.evaluation import NOON, held_out
from ml.composing.writing import knowing_composer
from ml.generation.completion import Completer
from ml.generation.settings import TIP_GENERATOR, Alias, ModelSettings, load_settings
from ml.languages.language import languages
from ml.prompts.prompt import load, versions
from ml.rating import benchmark
from ml.rating.benchmark import (
    ComposerAlone,
    Difference,
    Drawn,
    Figures,
    ModelWriter,
    Templates,
    Writer,
    Written,
)
from ml.rating.judges import tip_judges
from ml.rating.plots import plot_benchmark
from oo.domain.standing import Standing
from oo.domain.tasks import Task
from oo.kit.errors import BadRequest
from oo.kit.settings import Settings
from oo.mlops.tracked import tracking_of
from oo.recommend.assembly import assemble

__all__ = ["Difference", "Figures", "Outcome", "Plan"]

EXPERIMENT = "tip-benchmarks"
COMPOSER, TEMPLATES = "composer", "templates"  # writers without a model
DEFAULT = (TIP_GENERATOR, COMPOSER, TEMPLATES)
UTC = ZoneInfo("UTC")
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """Which models and prompts, over `lists` lists of each language.

    `models` are aliases, `composer` or `templates`; each alias meets each of `prompts`, its own
    prompt if there are none.
    """

    name: str
    models: tuple[str, ...]
    prompts: tuple[str, ...]
    languages: tuple[str, ...]
    lists: int
    seed: int


class Outcome(NamedTuple):
    """What came out, in the order of the writers; the first is what others are compared with."""

    means: Mapping[str, Figures]
    differences: Mapping[str, Mapping[str, Difference]]
    folder: Path
    mlflow_run_id: str


def drawn_lists(codes: Sequence[str], lists: int, seed: int) -> list[Drawn]:
    """Lists of held-out titles, `lists` in each language, with dates and an hour."""
    return [_drawn(code, n, Random(f"{seed} {code} {n}")) for code in codes for n in range(lists)]


def run(
    plan: Plan, settings: Settings, aliases: Path, on_set: Callable[[], None] = lambda: None
) -> Outcome:
    """Run the benchmark and keep it: a folder of files, and a run of MLflow with one per writer.

    Raises BadRequest where the plan names what there is not.
    """
    known = load_settings(aliases)
    check(plan, known)
    written = asyncio.run(_write(plan, known, on_set))
    return _keep(plan, settings, written)


def check(plan: Plan, known: ModelSettings) -> None:
    """Raise BadRequest if a model, a prompt or a language does not exist."""
    for what, named, there in (
        ("model alias", plan.models, (*known.aliases, COMPOSER, TEMPLATES)),
        ("prompt", plan.prompts, versions()),
        ("language", plan.languages, tuple(languages())),
    ):
        if wrong := [name for name in named if name not in there]:
            raise BadRequest(f"There is no {what} {wrong[0]!r}: there are {', '.join(there)}.")


def total(plan: Plan) -> int:
    """How many sets will be written."""
    modelled = sum(name not in {COMPOSER, TEMPLATES} for name in plan.models)
    writers = modelled * max(len(plan.prompts), 1) + len(plan.models) - modelled
    return writers * plan.lists * len(plan.languages)


async def _write(plan: Plan, known: ModelSettings, on_set: Callable[[], None]) -> list[Written]:
    judge, turn = tip_judges()["rule"], asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        writers = _writers(plan, known, knowing_composer(), stack)
        drawn = drawn_lists(plan.languages, plan.lists, plan.seed)

        async def one(writer: Writer, lists: Drawn) -> Written:
            async with turn:
                found = await benchmark.measure(writer, lists, judge, plan.seed)
            on_set()
            return found

        # writer by writer, so that none waits for another's model
        return [
            found
            for writer in writers
            for found in await asyncio.gather(*(one(writer, lists) for lists in drawn))
        ]


def _writers(
    plan: Plan, known: ModelSettings, composer: Composer, stack: AsyncExitStack
) -> list[Writer]:
    found: list[Writer] = []
    for name in plan.models:
        if name == COMPOSER:
            found.append(ComposerAlone(composer))
        elif name == TEMPLATES:
            found.append(Templates())
        else:
            completer = completer_of(name, known, stack)
            for version in plan.prompts or (known.aliases[name].prompt,):
                prompt = load(version)
                found.append(ModelWriter(f"{name} / {version}", prompt, completer, composer))
    return found


def completer_of(name: str, known: ModelSettings, stack: AsyncExitStack) -> Completer:
    """What asks the alias; an engine in this process, ended with `stack`, for the cluster's own."""
    alias: Alias = known.aliases[name]
    if alias.is_own:
        from ml.models.evaluate import engine_completer  # vLLM, for this alone
        from ml.models.train import MODEL

        engine = engine_completer(MODEL)
        stack.callback(engine.engine.shutdown)
        return engine
    from ml.generation.aliases import Aliases

    return Aliases(known).completer(name)


def _keep(plan: Plan, settings: Settings, written: Sequence[Written]) -> Outcome:
    means = benchmark.means(written)
    against = benchmark.differences(written, plan.seed)
    folder = settings.data_dir.resolve() / "benchmarks" / plan.name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    table, tips, plot = folder / "sets.csv", folder / "tips.csv", folder / "writers.png"
    table.write_text(_sets(written), "utf-8")
    tips.write_text(_tips(written), "utf-8")
    title = f"{plan.name}: {plan.lists} lists in each of {', '.join(plan.languages)}"
    plot_benchmark(means, against, plot, title)
    parent = tracking_of(settings).start_run(EXPERIMENT, plan.name)
    parent.log_params(
        {"lists": plan.lists, "languages": ",".join(plan.languages), "seed": plan.seed}
    )
    for path in (table, tips, plot):
        parent.log_file(path)
    for writer, figures in means.items():
        child = parent.child(writer)
        child.log_params({"writer": writer})
        child.log_metrics({k: v for k, v in figures._asdict().items() if v == v})
        for name, one in against.get(writer, {}).items():
            if one.low == one.low:
                child.log_metrics(
                    {
                        f"{name}_minus_first": one.mean,
                        f"{name}_low": one.low,
                        f"{name}_high": one.high,
                    }
                )
        child.finish()
    parent.finish()
    return Outcome(means, against, folder, parent.id)


def _sets(written: Sequence[Written]) -> str:
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(["writer", "list", *Figures._fields])
    rows.writerows([one.writer, one.list_id, *one.figures] for one in written)
    return text.getvalue()


def _tips(written: Sequence[Written]) -> str:
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(["writer", "list", "kind", "source", "tip"])
    rows.writerows(
        [one.writer, one.list_id, tip.kind.value, tip.source.value, tip.content]
        for one in written
        for tip in one.tips
    )
    return text.getvalue()


def _drawn(code: str, number: int, random: Random) -> Drawn:
    titles = [one.title for one in held_out() if one.language == code]
    now = NOON + timedelta(hours=random.randrange(24 * 7))
    tasks = [
        _task(at, title, now, random)
        for at, title in enumerate(random.sample(titles, random.randint(2, 8)))
    ]
    moment = Standing(tasks, UTC).at(now)
    return Drawn(f"{code}-{number}", code, assemble(moment, tasks), moment)


def _task(number: int, title: str, now: datetime, random: Random) -> Task:
    days = random.choice((None, None, 0, 1, random.randint(2, 7), -random.randint(1, 30)))
    return Task(
        f"e:{number}",
        "e",
        str(number),
        title,
        random.choice((1, 1, 1, 4)),
        None if days is None else now.date() + timedelta(days=days),
        None,
        now - timedelta(days=random.randint(0, 40)),
    )
