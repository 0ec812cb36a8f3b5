"""What a person was told lately is not told again while there is something else to say."""

from dataclasses import replace
from random import Random

import pytest

from ml.composing import composer
from ml.composing.choosing import choose
from ml.composing.evaluation import repeats
from ml.composing.fallback import quick_composer
from ml.generation.gate import pool_key
from ml.prompts.prompt import load
from oo.domain.context import HEARD_DAYS, DayPart, Heard, PromptContext, TaskFacts

LISTS = {
    "en": ("Call the dentist", "Pay the electricity bill", "Read chapter 4"),
    "de": ("Zahnarzt anrufen", "Stromrechnung bezahlen", "Kapitel 4 lesen"),
    "ja": ("歯医者に電話する", "電気代を払う", "本を読む"),
}


def context(code: str, heard: tuple[Heard, ...] = ()) -> PromptContext:
    tasks = tuple(
        TaskFacts(f"f:{n}", title, 1, (3, 0, None)[n], 20, None)
        for n, title in enumerate(LISTS[code])
    )
    return PromptContext(DayPart.MORNING, 1, 3, 1, tasks, heard=heard)


def steps(here: PromptContext) -> list[str]:
    lines = choose(quick_composer().lines(here, Random(1)), 3)
    return [line.step for line in lines if line.step]


@pytest.mark.parametrize("code", LISTS)
def test_tomorrow_each_task_has_another_step(code: str) -> None:
    lines = choose(quick_composer().lines(context(code), Random(1)), 3)
    heard = tuple(Heard(line.content, 1) for line in lines)
    before, after = steps(context(code)), steps(context(code, heard))
    assert len(before) >= 2
    assert not set(before) & set(after)
    long_ago = tuple(one._replace(days_ago=HEARD_DAYS) for one in heard)
    assert steps(context(code, long_ago)) == before


def test_an_advice_in_other_words_is_the_same_advice() -> None:
    empty = replace(context("en"), tasks=(), open_count=0, overdue_count=0)
    first = quick_composer().lines(empty, Random(1))[0]
    heard = (Heard(first.content, 0),)
    for seed in range(20):
        assert quick_composer().lines(replace(empty, heard=heard), Random(seed))[0].insight != (
            first.insight
        )


@pytest.mark.parametrize("version", ["embedded-v2", "instruct-v2"])
def test_what_was_heard_makes_no_other_pool(version: str) -> None:
    prompt = load(version)
    heard = (Heard("Call the dentist. Dial now.", 0),)
    assert pool_key(context("en"), prompt, "m") == pool_key(context("en", heard), prompt, "m")


def test_two_weeks_of_the_same_list_repeat_less(monkeypatch: pytest.MonkeyPatch) -> None:
    now = repeats(quick_composer(), "en", lists=3, seed=7)
    monkeypatch.setattr(composer, "HEARD", 0.0)
    monkeypatch.setattr(composer, "REST_DAYS", 0)
    assert now < 0.7 * repeats(quick_composer(), "en", lists=3, seed=7)
