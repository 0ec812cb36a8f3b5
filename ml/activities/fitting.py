"""`python -m ml.activities.fitting`: the weights of the matching model, from readers' judgements.

`suiting.yaml` holds titles with steps of the casebook, and for each what a reader said of it: 2
where the step makes good sense for that title, 1 where a detail does not fit, 0 where it is
foreign. The model learns what is worth a 2; its figures are of titles that it was not fitted on.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.activities.matching import FEATURES, WEIGHTS, Features, Matcher, Model, fitted
from ml.activities.recogniser import Recogniser
from ml.embedding.embedder import sentence_encoder
from oo.kit.yaml_files import read_yaml

JUDGED = Path(__file__).with_name("suiting.yaml")
GOOD = 2
RIDGE = 1.0
FOLDS = 5
ROUNDS = 40
LEAST = 0.45


class Judged(NamedTuple):
    """Every judged pair: features (n, d), what was said (n), and the number of its title (n)."""

    features: Features
    said: Features
    title: Features


class Row(NamedTuple):
    """The titles of one bound of probability: how many get a step, and how good the best is."""

    least: float
    covered: float
    good: float
    not_foreign: float


def knowing_matcher() -> Matcher:
    """One with the whole casebook; takes seconds to make."""
    cases, encoder = casebook(), sentence_encoder()
    return Matcher(cases, encoder, Recogniser(activities(), encoder, cases), fitted())


def judged(matcher: Matcher, path: Path = JUDGED) -> Judged:
    """The judgements with the features that the product would see."""
    features, said, titles = [], [], []
    for language, of_titles in read_yaml(path).items():
        found = matcher.features(list(of_titles), language)
        for (title, steps), (near, rows) in zip(of_titles.items(), found, strict=True):
            places = {case.step: at for at, case in enumerate(near)}
            for step, score in steps.items():
                if step in places:  # the casebook may have changed since
                    features.append(rows[places[step]])
                    said.append(score)
                    titles.append(f"{language} {title}")
    numbers = {title: at for at, title in enumerate(dict.fromkeys(titles))}
    return Judged(
        np.array(features), np.array(said, float), np.array([numbers[title] for title in titles])
    )


def fit(features: Features, good: Features) -> Model:
    """Ridge-penalised logistic regression by Newton's method."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / scale])
    weights = np.zeros(scaled.shape[1])
    penalty = np.eye(len(weights)) * RIDGE
    penalty[0, 0] = 0.0
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-scaled @ weights))
        curve = (scaled.T * (chance * (1 - chance))) @ scaled + penalty
        weights -= np.linalg.solve(curve, scaled.T @ (chance - good) + penalty @ weights)

    def named(values: Features) -> dict[str, float]:
        return {name: round(float(value), 4) for name, value in zip(FEATURES, values, strict=True)}

    return Model(
        least=LEAST,
        intercept=round(float(weights[0]), 4),
        mean=named(mean),
        scale=named(scale),
        weight=named(weights[1:]),
    )


def tried(data: Judged, seed: int = 7) -> list[Row]:
    """How the best step of each title does, told by models that never saw the title."""
    fold = np.random.default_rng(seed).integers(0, FOLDS, int(data.title.max()) + 1)[data.title]
    chance = np.zeros(len(data.said))
    for number in range(FOLDS):
        out = fold == number
        model = fit(data.features[~out], (data.said[~out] == GOOD).astype(float))
        chance[out] = model.probability(data.features[out])
    places = (np.flatnonzero(data.title == title) for title in np.unique(data.title))
    best = np.array([at[chance[at].argmax()] for at in places])
    rows = []
    for least in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        of = best[chance[best] >= least]
        if not len(of):
            break
        good, fine = (data.said[of] == GOOD).mean(), (data.said[of] > 0).mean()
        rows.append(Row(least, len(of) / len(best), float(good), float(fine)))
    return rows


def main() -> None:
    """Fit, say how well it does, and write the weights."""
    out = Console()
    with out.status("comparing titles"):
        data = judged(knowing_matcher())
    table = Table("from", "titles with a step", "good", "not foreign")
    for row in tried(data):
        table.add_row(*(f"{value:.2f}" for value in row))
    out.print(table)
    model = fit(data.features, (data.said == GOOD).astype(float))
    head = "# Fitted by `python -m ml.activities.fitting` on suiting.yaml; do not edit by hand.\n"
    WEIGHTS.write_text(head + yaml.safe_dump(model.model_dump(), sort_keys=False), "utf-8")
    out.print(f"{len(data.said)} judgements of {int(data.title.max()) + 1} titles: {WEIGHTS.name}")


if __name__ == "__main__":
    main()
