"""Which tips are compared, and which tokens are scored."""

import pytest

from ml.finetuning.learning import split
from ml.finetuning.pairs import IGNORED, Encoded, Example, batch_of, pairs_of


def example(person: str, reward: float, answer: str, situation: str = "morning") -> Example:
    return Example(person, situation, "asked", answer, reward)


def test_a_pair_is_of_one_person_in_one_situation() -> None:
    found = pairs_of(
        [
            example("a", 1.0, "good"),
            example("a", -0.5, "bad"),
            example("a", -0.5, "bad at night", "night"),
            example("b", -1.0, "another person's"),
        ],
        seed=7,
    )
    assert [(pair.better.answer, pair.worse.answer) for pair in found] == [("good", "bad")]
    assert found[0].weight == pytest.approx(0.75)


def test_rewards_that_hardly_differ_and_equal_words_make_no_pair() -> None:
    assert not pairs_of([example("a", 0.2, "one"), example("a", 0.0, "other")], seed=7)
    assert not pairs_of([example("a", 1.0, "same"), example("a", -1.0, "same")], seed=7)


def test_held_out_people_are_in_no_training_pair() -> None:
    parts = split([example(f"{n:02}", 1.0, "x") for n in range(20) for _ in range(3)])
    training, held_out = ({one.person for one in part} for part in parts)
    assert len(held_out) == 4
    assert not training & held_out


def test_only_the_answer_is_scored() -> None:
    batch = batch_of([Encoded((5, 6, 7, 8), 2), Encoded((5, 6), 1)])
    assert batch.ids.tolist() == [[5, 6, 7], [5, 0, 0]]
    assert batch.targets.tolist() == [[IGNORED, 7, 8], [6, IGNORED, IGNORED]]
