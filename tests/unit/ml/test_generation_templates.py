"""Templates always have something true to say."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ml.generation.drafts import Source
from ml.generation.templates import fallback
from ml.generation.validation import duplicates, flaws
from oo.domain.context import DayPart, PromptContext
from oo.domain.tips import TipKind
from tests.unit.ml.generation_strategies import contexts, unhurried


@unhurried
@given(contexts(), st.integers(1, 6), st.integers(0, 99))
def test_any_person_gets_as_many_true_and_different_tips_as_asked(
    context: PromptContext, n: int, seed: int
) -> None:
    tips = fallback(context, n, Random(seed))
    assert len(tips) == n
    for number, tip in enumerate(tips):
        assert flaws(tip, context) == ()
        assert tip.source is Source.FALLBACK
        assert not duplicates(tip, tips[:number])


def test_a_person_without_tasks_gets_advice_first() -> None:
    empty = PromptContext(DayPart.MORNING, 0, 0, 0, ())
    assert fallback(empty, 1, Random(1))[0].kind is TipKind.ADVICE


@unhurried
@given(contexts(least=1), st.integers(0, 99))
def test_the_most_pressing_task_comes_first(context: PromptContext, seed: int) -> None:
    (tip,) = fallback(context, 1, Random(seed))
    assert tip.task_id == context.tasks[0].task_id


@unhurried
@given(contexts(least=1))
def test_what_was_said_is_not_said_again(context: PromptContext) -> None:
    before = fallback(context, 2, Random(1))
    assert not any(duplicates(tip, before) for tip in fallback(context, 2, Random(1), before))
