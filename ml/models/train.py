"""The recipe of the embedded model, as commands: ``python -m ml.models.train --help``."""

from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer
from tqdm import tqdm

from ml.models import tokenizer as tokenizers
from ml.models.export import export as write_model
from ml.models.samples import samples
from ml.models.training import Plan, Progress, Run

WORK = Path("var/embedded")
MODEL = Path(__file__).parent / "embedded"
_TOKENIZER_SAMPLES = 12_000

app = typer.Typer(no_args_is_help=True, help="Train the embedded tip model from scratch.")
Work = Annotated[Path, typer.Option(help="Folder of the run: tokenizer and checkpoint.")]


@app.command()
def tokenizer(work: Work = WORK, seed: int = 1) -> None:
    """Train the tokenizer (seconds)."""
    made = islice(samples(seed), _TOKENIZER_SAMPLES)
    trained = tokenizers.train(f"{sample.prompt}\n{sample.answer}" for sample in made)
    tokenizers.save(trained, work / "tokenizer")
    typer.echo(f"{trained.get_vocab_size()} entries in {work / 'tokenizer'}")


@app.command()
def model(
    work: Work = WORK,
    minutes: Annotated[float, typer.Option(help="Training time; the schedule follows it.")] = 60,
    seed: int = 7,
    threads: int = 2,
) -> None:
    """Train the network; started again, it goes on from the last checkpoint."""
    torch.set_num_threads(threads)
    plan = Plan(seconds=minutes * 60, seed=seed)
    run = Run(tokenizers.load(work / "tokenizer"), plan, work / "checkpoint.pt")
    bar = tqdm(
        total=round(plan.seconds), initial=round(run.progress.seconds), unit="s", mininterval=10
    )

    def report(progress: Progress) -> None:
        bar.update(round(progress.seconds) - bar.n)
        tokens = f"{progress.tokens / 1e6:.2f}M"
        bar.set_postfix(loss=f"{progress.loss:.4f}", tokens=tokens, refresh=False)

    with bar:
        run.go(report)


@app.command()
def export(work: Work = WORK, target: Path = MODEL) -> None:
    """Write the last checkpoint as the model that the repository ships."""
    write_model(work / "checkpoint.pt", work / "tokenizer", target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    typer.echo(f"{size / 1e6:.1f} MB in {target}")


if __name__ == "__main__":
    app()
