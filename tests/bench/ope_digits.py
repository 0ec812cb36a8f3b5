"""relative-ee on digits: `python -m tests.bench.ope_digits`.

Handwritten digits become bandit feedback as in Dudík, Langford and Li (2011), with the set-up of
obp's multi-class example: 30% of the data trains the policies, a behaviour policy (logistic
regression mixed with chance) labels the other 70%, a label is rewarded when it is right, and each
estimator must say what an evaluation policy (random forest) would have earned there.

    relative-ee = |V̂ - V| / V

V is the evaluation policy's exact value on the evaluation data.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.ope.estimators import estimators
from ml.ope.feedback import BanditFeedback, Floats, Ints

CLASSES = 10
EVALUATED = 0.7
FOLDS = 5


class Rounds(NamedTuple):
    """Bandit feedback on n digits: images (n, 64), labels, actions, rewards and pscores (n,), and
    the evaluation propensities (n, 10)."""

    images: Floats
    labels: Ints
    actions: Ints
    rewards: Floats
    pscores: Floats
    evaluation: Floats

    @property
    def value(self) -> float:
        """The evaluation policy's exact value."""
        return float(self.evaluation[np.arange(len(self.labels)), self.labels].mean())


def digits(seed: int, alpha_b: float, alpha_e: float) -> Rounds:
    """One run's bandit feedback."""
    images, labels = load_digits(return_X_y=True)
    train, held_out, train_labels, held_out_labels = train_test_split(
        images, labels, test_size=EVALUATED, random_state=seed
    )
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    forest = RandomForestClassifier(random_state=seed)
    behaviour = _mixed(logistic.fit(train, train_labels).predict(held_out), alpha_b)
    evaluation = _mixed(forest.fit(train, train_labels).predict(held_out), alpha_e)
    rng, n = np.random.default_rng(seed), len(held_out)
    actions = (behaviour.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, CLASSES - 1)
    rewards = (actions == held_out_labels).astype(np.float64)
    pscores = behaviour[np.arange(n), actions]
    return Rounds(held_out, held_out_labels, actions, rewards, pscores, evaluation)


def one_logistic(rounds: Rounds, train: Ints, test: Ints, seed: int) -> Floats:
    """Logistic regression of the reward on the image beside the action, as in obp's example."""
    one_hot = np.eye(CLASSES)

    def rows(images: Floats, actions: Ints) -> Floats:
        return np.hstack([images / 16, one_hot[actions]])

    model = LogisticRegression(max_iter=1000)
    model.fit(rows(rounds.images[train], rounds.actions[train]), rounds.rewards[train])
    return _for_every_action(
        lambda images, actions: model.predict_proba(rows(images, actions))[:, 1],
        rounds.images[test],
    )


def logistic_per_action(rounds: Rounds, train: Ints, test: Ints, seed: int) -> Floats:
    """A logistic regression of the reward on the image for each action."""
    return _per_action(lambda: LogisticRegression(max_iter=1000), rounds, train, test)


def forest_per_action(rounds: Rounds, train: Ints, test: Ints, seed: int) -> Floats:
    """A random forest of the reward on the image for each action."""
    return _per_action(lambda: RandomForestClassifier(random_state=seed), rounds, train, test)


REWARD_MODELS = {
    "logistic": one_logistic,
    "logistic-per-action": logistic_per_action,
    "forest-per-action": forest_per_action,
}


def estimated_rewards(rounds: Rounds, name: str, seed: int) -> Floats:
    """q̂ (n, 10), cross-fitted."""
    q_hat = np.zeros_like(rounds.evaluation)
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(rounds.images):
        q_hat[test] = REWARD_MODELS[name](rounds, train, test, seed)
    return q_hat


def errors(runs: Sequence[int], alpha_b: float, alpha_e: float, model: str) -> dict[str, Floats]:
    """The relative estimation error of each estimator in each run, by name."""
    found: dict[str, list[float]] = {name: [] for name in estimators()}
    for seed in track(runs, model, transient=True):
        rounds = digits(seed, alpha_b, alpha_e)
        feedback = BanditFeedback(
            rounds.actions,
            rounds.rewards,
            rounds.pscores,
            rounds.evaluation,
            estimated_rewards(rounds, model, seed),
        )
        for name, estimator in estimators().items():
            error = abs(estimator.terms(feedback).estimate - rounds.value) / rounds.value
            found[name].append(error)
    return {name: np.array(values) for name, values in found.items()}


def main(
    runs: Annotated[int, typer.Option(min=2, help="Runs with different seeds.")] = 30,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    alpha_b: Annotated[float, typer.Option(help="Share of the classifier in the behaviour.")] = 0.4,
    alpha_e: Annotated[float, typer.Option(help="The same in the evaluation policy.")] = 0.9,
    model: Annotated[
        list[str] | None, typer.Option(help=f"Repeatable: {', '.join(REWARD_MODELS)}.")
    ] = None,
) -> None:
    """Print relative-ee: mean, standard error and quartiles over the runs."""
    names = model or list(REWARD_MODELS)
    table = Table(title=f"relative-ee on digits, {runs} runs: mean ± standard error")
    table.add_column("estimator")
    columns = []
    for name in names:
        table.add_column(name, justify="right")
        columns.append(errors(range(seed, seed + runs), alpha_b, alpha_e, name))
    for estimator in estimators():
        cells = [column[estimator] for column in columns]
        table.add_row(estimator, *[f"{c.mean():.4f} ± {_standard_error(c):.4f}" for c in cells])
    Console(width=120).print(table)


def _mixed(predicted: Ints, alpha: float) -> Floats:
    """The classifier's choice with probability `alpha`, any label otherwise, (n, 10)."""
    return alpha * np.eye(CLASSES)[predicted] + (1 - alpha) / CLASSES


def _per_action(
    make: Callable[[], ClassifierMixin], rounds: Rounds, train: Ints, test: Ints
) -> Floats:
    q_hat = np.zeros((len(test), CLASSES))
    for action in range(CLASSES):
        rows = train[rounds.actions[train] == action]
        model = make().fit(rounds.images[rows] / 16, rounds.rewards[rows])
        q_hat[:, action] = model.predict_proba(rounds.images[test] / 16)[:, 1]
    return q_hat


def _for_every_action(predict: Callable[[Floats, Ints], Floats], images: Floats) -> Floats:
    n = len(images)
    return np.column_stack([predict(images, np.full(n, action)) for action in range(CLASSES)])


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


if __name__ == "__main__":
    typer.run(main)
