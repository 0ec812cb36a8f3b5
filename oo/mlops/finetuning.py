"""Fine-tuning (E10): from reactions to a LoRA adapter that was measured, and is not yet in force.

Its folder holds what makes it resumable: the simulated log and the last checkpoint. Words of real
people are read from the store each time and never copied there.
"""

import hashlib
import json
import pickle
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import torch

from ml.composing.composer import Composer
from ml.composing.writing import knowing_composer
from ml.finetuning import evaluation, lora, report
from ml.finetuning.adapters import AdapterRef, folder_of, is_name, keep
from ml.finetuning.chooser import ModelChooser, load_base
from ml.finetuning.evaluation import Figure
from ml.finetuning.learning import encoded_pairs, examples_of, owners_of, split
from ml.finetuning.living import Shown, live
from ml.finetuning.pairs import Example
from ml.finetuning.written import answer_of, asked_of, head_of
from ml.prompts.prompt import load as load_prompt
from ml.simulation.scenario import PopulationModel, Scenario
from oo.domain.context import DayPart
from oo.domain.tips import TipKind
from oo.kit.errors import BadRequest
from oo.kit.settings import Settings
from oo.mlops.adapters import REPORT
from oo.mlops.tracked import tracking_of
from oo.store import writings
from oo.store.database import Database
from oo.store.writings import Judged
from oo.vault.offline import with_store

if TYPE_CHECKING:
    from ml.tracking import Run

BASE = Path(__file__).parents[2] / "ml" / "models" / "embedded"
PROMPT = "embedded-v2"
EXPERIMENT = "fine-tuning"
LEAST_PEOPLE = 20  # as for retraining: fewer would be learnt by heart
LEAST_PAIRS = 20
OTHER_PEOPLE = 1000  # added to the seed: those who live with both writers are nobody of the log
Listener = Callable[[str, int, int], None]
"""Told what is under way, how much of it is done, and of how much."""

__all__ = ["Figure", "Listener", "Plan", "Tuned", "finetune"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fine-tune on: `simulated` people, or at 0 everybody who agreed to pooling.

    `trial` are further simulated people, who live with base and adapter alike for `trial_days`.
    """

    name: str = "reactions"
    simulated: int = 0
    days: int = 3
    decisions: int = 4
    trial: int = 100
    trial_days: int = 1
    epochs: int = 3
    rate: float = 1e-3
    seed: int = 7
    threads: int = 2


class Tuned(NamedTuple):
    """An adapter, what it was made of, and how it compares; all of it in MLflow's run."""

    adapter: AdapterRef
    people: int
    tips: int
    pairs: int
    figures: Sequence[Figure]
    mlflow_run_id: str
    folder: Path


def finetune(settings: Settings, plan: Plan, listener: Listener = lambda *_: None) -> Tuned:
    """Make and measure an adapter. The same plan goes on where it was interrupted.

    Raises BadRequest for a bad name, and when too few people or pairs are there to learn from.
    """
    if not is_name(plan.name):
        raise BadRequest("A name is made of small letters, digits and dashes.")
    torch.set_num_threads(plan.threads)
    folder = settings.data_dir.resolve() / "finetuning" / plan.name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shown = _simulated(plan, folder, listener) if plan.simulated else None
    if shown is None:
        examples = _examples(with_store(settings, _judged))
    else:
        examples = examples_of(shown, load_prompt(PROMPT))
    people = {one.person for one in examples}
    if len(people) < LEAST_PEOPLE:
        raise BadRequest(
            f"Only {len(people)} people have agreed to pooling and reacted to a model's tips; at"
            f" least {LEAST_PEOPLE} are needed. `--simulated 200` makes people up."
        )
    run = tracking_of(settings).start_run(EXPERIMENT, plan.name)
    try:
        tuned = _tune(settings, plan, folder, examples, shown, run, listener)
    except BaseException:
        run.finish("FAILED")
        raise
    run.finish()
    return tuned


def _tune(
    settings: Settings,
    plan: Plan,
    folder: Path,
    examples: Sequence[Example],
    shown: Sequence[Shown] | None,
    run: "Run",
    listener: Listener,
) -> Tuned:
    base, tokenizer = load_base(BASE)
    parts = split(examples)
    pairs = encoded_pairs(parts.training, tokenizer, plan.seed)
    if len(pairs) < LEAST_PAIRS:
        raise BadRequest(f"Only {len(pairs)} pairs of a welcome and an unwelcome tip were found.")
    how = lora.Plan(epochs=plan.epochs, rate=plan.rate, seed=plan.seed)
    mark = hashlib.sha256(repr((how, pairs)).encode()).hexdigest()[:12]
    run.log_params({**asdict(plan), **asdict(how), "pairs": len(pairs)})
    model = lora.with_adapter(base, how)
    training = lora.Run(model, pairs, how, folder / f"checkpoint-{mark}.pt")

    def told(progress: lora.Progress) -> None:
        listener("training", progress.steps, progress.of)
        if progress.steps % 10 == 0:
            figures = {"loss": progress.loss, "pairs_in_order": progress.right}
            run.log_metrics(figures, progress.steps)

    training.go(told)
    held_out = encoded_pairs(parts.held_out, tokenizer, plan.seed)
    figures = evaluation.likelihood(model, held_out, owners_of(parts.held_out, plan.seed))
    if shown is not None:
        figures += _compared(plan, model, tokenizer, shown, listener)
    people = len({one.person for one in examples})
    with tempfile.TemporaryDirectory() as made:
        model.save_pretrained(made)
        ref = keep(Path(made), plan.name, settings.data_dir)
    place = folder_of(ref, settings.data_dir)
    of = f"{plan.simulated} simulated people" if plan.simulated else f"{people} who agreed"
    made_of = f"LoRA on {len(pairs)} pairs of {len(examples)} tips, reactions of {of}."
    figures = list(figures)
    (place / "card.md").write_text(report.card(str(ref), made_of, figures))
    findings = report.plain(figures) | {"mlflow_run_id": run.id}
    (place / REPORT).write_text(json.dumps(findings, indent=1))
    report.plot(figures, place / "figures.png", f"{ref} less its base, 95% intervals over people")
    for name in ("card.md", REPORT, "figures.png", "adapter_config.json"):
        run.log_file(place / name, "adapter")
    run.log_file(place / "adapter_model.safetensors", "adapter")
    run.log_metrics({f"gain {_metric(one.name)}": one.difference.mean for one in figures})
    tracking_of(settings).register(f"adapter-{plan.name}", run, "adapter", {"version": ref.version})
    return Tuned(ref, people, len(examples), len(pairs), figures, run.id, place)


def _compared(
    plan: Plan, model: Any, tokenizer: Any, shown: Sequence[Shown], listener: Listener
) -> list[Figure]:
    """Off-policy on the log of held-out people, and on new people who live with both."""
    chooser, composer = ModelChooser(model, tokenizer, load_prompt(PROMPT)), knowing_composer()
    people = sorted({one.person for one in shown})
    out = set(people[4::5])
    listener("estimating", 0, 1)
    figures = evaluation.off_policy([one for one in shown if one.person in out], chooser)
    listener("estimating", 1, 1)
    if not plan.trial:
        return figures
    scenario = replace(_scenario(plan, plan.trial, plan.trial_days), seed=plan.seed + OTHER_PEOPLE)
    adapted = _live(scenario, composer, chooser, "trial of the adapter", listener)
    with model.disable_adapter():
        alone = _live(scenario, composer, chooser, "trial of the base", listener)
    return [*figures, *evaluation.lived(alone, adapted)]


def _simulated(plan: Plan, folder: Path, listener: Listener) -> list[Shown]:
    """The log of simulated people under the base; made once for the same plan."""
    scenario = _scenario(plan, plan.simulated, plan.days)
    kept = folder / f"log-{hashlib.sha256(repr(scenario).encode()).hexdigest()[:12]}.pickle"
    if kept.exists():
        found: list[Shown] = pickle.loads(kept.read_bytes())  # noqa: S301 - our own file
        return found
    base, tokenizer = load_base(BASE)
    chooser = ModelChooser(base, tokenizer, load_prompt(PROMPT))
    found = _live(scenario, knowing_composer(), chooser, "simulating", listener)
    part = kept.with_suffix(".part")
    part.write_bytes(pickle.dumps(found, protocol=5))
    part.replace(kept)
    return found


def _scenario(plan: Plan, people: int, days: int) -> Scenario:
    return Scenario(
        seed=plan.seed, days=days, per_day=plan.decisions, population=PopulationModel(people=people)
    )


def _live(
    scenario: Scenario, composer: Composer, chooser: ModelChooser, what: str, listener: Listener
) -> list[Shown]:
    done, of = 0, scenario.decisions * scenario.population.people

    def one() -> None:
        nonlocal done
        done += 1
        listener(what, done, of)

    return live(scenario, composer, chooser, one)


async def _judged(db: Database) -> list[Judged]:
    async with db.read() as connection:
        return await writings.judged(connection)


def _examples(judged: Sequence[Judged]) -> list[Example]:
    """What was served to people who agreed, of the prompt that adapters are for."""
    return [
        Example(
            person=one.user_id,
            situation=DayPart.of(one.shown_at.astimezone(ZoneInfo(one.timezone)).hour).value,
            asked=asked_of(one.messages) + head_of(one.task_index),
            answer=answer_of(TipKind(one.kind), one.spoken),
            reward=one.reward,
        )
        for one in judged
        if one.prompt_version == PROMPT
    ]


def _metric(name: str) -> str:
    return "".join(char if char.isalnum() or char in " -" else "" for char in name)
