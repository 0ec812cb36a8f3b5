"""The prompt loop (E11): declared variations are tried, the best one is proposed, nobody gets it.

A trial has the model write for drawn lists and takes the judge's score of its own tips; what the
gate refused counts as the worst. The best then meets the prompt that it came from on fresh lists.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import yaml

from ml.composing.fallback import quick_composer
from ml.composing.writing import knowing_composer
from ml.generation.drafts import Source
from ml.generation.settings import load_settings
from ml.ope.bootstrap import resample_counts
from ml.prompts.prompt import Prompt, Vocabulary, load
from ml.prompts.variations import slots, varied
from ml.rating.benchmark import SET, Drawn, ModelWriter
from ml.rating.judges import tip_judges
from ml.rating.judging import LEAST
from ml.rating.reading import places_beside, readings_of
from oo.kit.errors import BadRequest
from oo.kit.settings import Settings
from oo.mlops.benchmark import completer_of, drawn_lists
from oo.mlops.prompts import propose
from oo.mlops.roles import Order
from oo.mlops.tracked import tracking_of
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from optuna import Trial

EXPERIMENT = "prompt-searches"
REPLICATES = 2000
FRESH = 1_000_003  # added to the seed for the lists of the last comparison


@dataclass(frozen=True, slots=True)
class Search:
    """Which prompt is varied, for which alias, over `lists` lists of each language."""

    prompt: str
    model: str
    trials: int
    lists: int
    languages: tuple[str, ...]
    seed: int


class Found(NamedTuple):
    """How the best variation did beside the prompt on fresh lists: mean difference of the judge's
    score with its 95% interval. `proposed` is its version, None if it is not surely better."""

    best: str
    proposed: str | None
    gain: float
    low: float
    high: float
    tried: int
    mlflow_run_id: str


class _Trials:
    """Scores of prompts over lists, each variation once."""

    def __init__(self, write: Callable[[Prompt, Sequence[Drawn]], Sequence[float]]) -> None:
        self._write = write
        self.known: dict[str, float] = {}

    def score(self, prompt: Prompt, lists: Sequence[Drawn]) -> float:
        if prompt.version not in self.known:
            self.known[prompt.version] = float(np.mean(self._write(prompt, lists)))
        return self.known[prompt.version]


def search(
    plan: Search,
    settings: Settings,
    aliases: Path,
    order: Order,
    on_trial: Callable[[], None] = lambda: None,
) -> Found:
    """Search, log every trial with its file to MLflow, and propose the winner in the store.

    Raises BadRequest where nothing may vary or the plan names what there is not.
    """
    known = load_settings(aliases)
    if plan.model not in known.aliases:
        raise BadRequest(f"There is no model alias {plan.model!r}.")
    try:
        base = load(plan.prompt)
    except FileNotFoundError as error:
        raise BadRequest(f"There is no prompt {plan.prompt!r}: oo prompt list.") from error
    varying = slots(base)
    if not varying:
        raise BadRequest(f"Nothing may vary in {base.version}: see ml/prompts/variants.")
    with asyncio.Runner() as loop:
        stack = AsyncExitStack()
        writer = loop.run(_writer(plan, known, stack))
        try:
            return _searched(
                plan, base, settings, order, on_trial, lambda p, d: loop.run(writer(p, d))
            )
        finally:
            loop.run(stack.aclose())


def _searched(
    plan: Search,
    base: Prompt,
    settings: Settings,
    order: Order,
    on_trial: Callable[[], None],
    write: Callable[[Prompt, Sequence[Drawn]], Sequence[float]],
) -> Found:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lists = drawn_lists(plan.languages, plan.lists, plan.seed)
    trials, varying = _Trials(write), slots(base)
    run = tracking_of(settings).start_run(EXPERIMENT, f"{plan.prompt} for {plan.model}")
    run.log_params({"prompt": plan.prompt, "model": plan.model, "lists": len(lists)})

    def objective(trial: "Trial") -> float:
        chosen = {
            name: trial.suggest_categorical(name, list(range(len(slot.choices))))
            for name, slot in varying.items()
        }
        prompt = varied(base, chosen)
        score = trials.score(prompt, lists)
        child = run.child(f"{trial.number}: {prompt.version}")
        child.log_params({**chosen, "version": prompt.version, "content": prompt.content_hash})
        child.log_metrics({"score": score})
        child.log_text(body_of(prompt), f"{prompt.version}.yaml")
        child.finish()
        on_trial()
        return score

    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=plan.seed)
    )
    study.enqueue_trial(dict.fromkeys(varying, 0))  # the prompt as it is
    study.optimize(objective, n_trials=plan.trials)
    best = varied(base, study.best_params)
    fresh = drawn_lists(plan.languages, plan.lists, plan.seed + FRESH)
    gain, low, high = _gain(write(best, fresh), write(base, fresh), plan.seed)
    found = {"gain": gain, "low": low, "high": high}
    run.log_metrics(found)
    run.log_text(body_of(best), f"{best.version}.yaml")
    run.finish()
    proposed = None
    if best.version != base.version and low > 0:
        report = {**found, "from": base.version, "model": plan.model, "mlflow_run_id": run.id}
        proposed = with_store(settings, lambda db: propose(db, body_of(best), report, order))
    return Found(best.version, proposed, gain, low, high, len(trials.known), run.id)


def body_of(prompt: Prompt) -> str:
    """The file of a prompt."""
    return yaml.safe_dump(prompt.file.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


async def _writer(plan: Search, known: Any, stack: AsyncExitStack) -> Any:
    """What has the model write under a prompt, and gives the judge's score for each list."""
    completer = completer_of(plan.model, known, stack)
    judge = tip_judges()["rule"]
    is_composed = load(plan.prompt).file.vocabulary is Vocabulary.COMPOSED
    composer = knowing_composer() if is_composed else quick_composer()  # who writes freely has none

    async def one(prompt: Prompt, drawn: Drawn) -> float:
        writer = ModelWriter(prompt.version, prompt, completer, composer)
        made = await writer.write(drawn.context, Random(f"{plan.seed} {drawn.id}"))
        tips = [tip for tip in made.tips if tip.source is Source.LLM][:SET]
        own, shown = [tip.content for tip in tips], places_beside(drawn.context, tips)
        readings = readings_of(drawn.context, drawn.language, drawn.id, own, shown)
        opinions = await judge.judge(readings)
        scores = [one.score for one in opinions if one is not None]
        return float(np.mean([*scores, *[LEAST] * (SET - len(scores))]))

    async def write(prompt: Prompt, lists: Sequence[Drawn]) -> list[float]:
        return list(await asyncio.gather(*(one(prompt, drawn) for drawn in lists)))

    return write


def _gain(new: Sequence[float], old: Sequence[float], seed: int) -> tuple[float, float, float]:
    less = np.array(new) - np.array(old)
    counts = resample_counts(len(less), REPLICATES, np.random.default_rng(seed))
    low, high = np.quantile(counts @ less / len(less), (0.025, 0.975))
    return float(less.mean()), float(low), float(high)
