"""The grammar compiles for anyone, takes every true answer and refuses the false ones."""

import json
import re
from functools import cache
from itertools import islice
from random import Random

import pytest
import xgrammar
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.generation.grammar import grammar
from ml.models.people import Split, situation
from ml.models.samples import to_json
from ml.models.tokenizer import END, load
from ml.models.train import MODEL
from ml.models.writer import answer
from ml.prompts.prompt import Vocabulary
from oo.domain.context import DayPart, PromptContext, TaskFacts
from tests.unit.ml.generation_strategies import contexts

CONTEXT = PromptContext(
    DayPart.EVENING,
    4,
    12,
    3,
    (TaskFacts("f:1", "Pay rent", 4, 9, 13, None), TaskFacts("f:2", "Rest", 1, None, None, None)),
)


@cache
def compiler() -> xgrammar.GrammarCompiler:
    tokenizer = load(MODEL / "tokenizer")
    entries = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    info = xgrammar.TokenizerInfo(
        [text for text, _ in entries],
        vocab_type=xgrammar.VocabType.BYTE_LEVEL,
        stop_token_ids=[tokenizer.token_to_id(END)],
    )
    return xgrammar.GrammarCompiler(info, max_threads=1)


def accepts(rules: str, text: str) -> bool:
    matcher = xgrammar.GrammarMatcher(
        compiler().compile_grammar(rules), terminate_without_stop_token=True
    )
    return matcher.accept_string(text) and matcher.is_terminated()


def one(ref: str | None, kind: str, content: str) -> str:
    tip = {"task_id": ref, "kind": kind, "content": content, "confidence": 0.8}
    return json.dumps({"tips": [tip]}, ensure_ascii=False, separators=(",", ":"))


@settings(max_examples=25, deadline=None)
@given(contexts(), st.integers(1, 4), st.sampled_from(Vocabulary))
def test_it_compiles_whatever_the_titles_say(
    context: PromptContext, n: int, words: Vocabulary
) -> None:
    rules = grammar(context, n, words)
    compiler().compile_grammar(rules)
    assert rules.isprintable() or "\n" in rules
    assert not any(len(t.title) > 9 and t.title in rules for t in context.tasks)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_it_takes_what_the_author_writes(seed: int, n: int) -> None:
    random = Random(seed)
    made = situation(random, Split.HELD_OUT)
    text = to_json(answer(random, made, n))
    assert accepts(grammar(made.context, n), text)
    assert accepts(grammar(made.context, n, Vocabulary.OPEN), text)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_it_refuses_any_other_number(seed: int) -> None:
    random = Random(seed)
    made = situation(random, Split.TRAIN)
    text = to_json(answer(random, made, 2))
    rules = grammar(made.context, 2)
    for match in islice(re.finditer(r"(?<=[ \"])\d+(?= )", text), 3):
        other = f"{text[: match.start()]}{int(match[0]) + 1000}{text[match.end() :]}"
        assert not accepts(rules, other)


@pytest.mark.parametrize(
    ("ref", "kind", "content"),
    [
        ("t1", "task", "“t1” is 9 days overdue. Take the smallest step."),
        ("t1", "reminder", "A gentle reminder: “t1” is overdue by 9 days."),
        ("t1", "insight", "3 of your 12 open tasks are overdue; “t1” is 9 days late."),
        ("t2", "task", "Give “t2” ten minutes this evening."),
        (None, "insight", "You have 12 open tasks."),
        (None, "advice", "Take a slow breath before the next task."),
    ],
)
def test_true_tips_can_be_said(ref: str | None, kind: str, content: str) -> None:
    assert accepts(grammar(CONTEXT, 1), one(ref, kind, content))


@pytest.mark.parametrize("words", Vocabulary)
@pytest.mark.parametrize(
    ("ref", "kind", "content"),
    [
        ("t1", "task", "“t2” is 9 days overdue."),
        ("t1", "task", "“Pay rent” is 9 days overdue."),
        ("t1", "task", "“t1” is 8 days overdue."),
        ("t1", "task", "No title here."),
        ("t1", "task", "Give “t2” ten minutes this evening."),
        ("t1", "task", "“t1” and “t1” again."),
        ("t1", "task", "“t1” is at http://evil.example now."),
        ("t1", "task", "“t1” is <b>late</b>."),
        ("t1", "task", '“t1” says "hello".'),
        ("t1", "task", "“t1” is waiting"),
        ("t1", "reminder", "“t1” is waiting."),
        ("t2", "reminder", "“t2” is waiting."),
        ("t2", "task", "“t2” is 9 days overdue."),
        ("t3", "task", "“t3” is waiting."),
        (None, "task", "Take a slow breath."),
        (None, "advice", "“t1” can wait."),
        (None, "insight", "Take a slow breath."),
    ],
)
def test_false_or_broken_tips_cannot(
    ref: str | None, kind: str, content: str, words: Vocabulary
) -> None:
    assert not accepts(grammar(CONTEXT, 1, words), one(ref, kind, content))


@pytest.mark.parametrize(
    "content",
    [
        "“t1” is due today.",
        "“t1” the calm one minute broken cloth.",
        "Give “t1” ten minutes this morning.",
        "“t1” can wait for daylight; note where the bill is.",
    ],
)
def test_the_closed_vocabulary_knows_only_true_sentences_of_the_hour(content: str) -> None:
    assert not accepts(grammar(CONTEXT, 1), one("t1", "task", content))


def test_facts_in_words_need_the_closed_vocabulary() -> None:
    false = one("t1", "task", "“t1” is due today.")
    assert not accepts(grammar(CONTEXT, 1, Vocabulary.CLOSED), false)
    assert accepts(grammar(CONTEXT, 1, Vocabulary.OPEN), false)  # left to the validator


def test_a_task_can_be_left_out_unless_it_is_the_last_one() -> None:
    tip = one("t2", "task", "Give “t2” ten minutes this evening.")
    assert accepts(grammar(CONTEXT, 1, without={"t1"}), tip)
    assert not accepts(grammar(CONTEXT, 1, without={"t2"}), tip)
    assert accepts(grammar(CONTEXT, 1, without={"t1", "t2"}), tip)


def test_the_number_of_tips_is_exact() -> None:
    tip = json.loads(one("t2", "task", "Give “t2” ten minutes this evening."))["tips"][0]
    two = json.dumps({"tips": [tip, tip]}, ensure_ascii=False, separators=(",", ":"))
    assert accepts(grammar(CONTEXT, 2), two)
    assert not accepts(grammar(CONTEXT, 1), two)
    assert not accepts(grammar(CONTEXT, 3), two)


@pytest.mark.parametrize(
    ("title", "step", "said"),
    [
        ("Call back the bank", "dial the number", True),
        ("Call back the bank", "name the next step", True),
        ("Wash the windows", "write the subject line", False),
        ("Callistemon", "dial the number", False),
        ("買い物", "open it and look", True),
    ],
)
def test_a_next_step_fits_the_verb_of_the_title(title: str, step: str, said: bool) -> None:
    context = PromptContext(
        DayPart.MORNING, 0, 1, 0, (TaskFacts("f:1", title, 1, None, None, None),)
    )
    tip = one("t1", "task", f"Start with “t1”: {step}.")
    assert accepts(grammar(context, 1), tip) is said
