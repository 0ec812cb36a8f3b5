"""The validator refuses every false fact and every broken text."""

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.generation.drafts import Source, TipDraft, quoted
from ml.generation.facts import phrases
from ml.generation.validation import duplicates, flaws, judge
from oo.domain.claims import Claim, Fact
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.signals import SignalFact
from oo.domain.tips import TipKind
from tests.unit.ml.generation_strategies import contexts, unhurried

TASKS = (
    TaskFacts("f:1", "Pay rent", 4, 9, 13, "home"),
    TaskFacts("f:2", "Call Mum", 1, 0, 1, None),
    TaskFacts("f:3", "Read Kafka", 3, -3, 0, None),
    TaskFacts("f:4", "Rest", 1, None, None, None),
    TaskFacts("f:5", "Post parcel", 1, -1, 2, None),
    TaskFacts("f:6", "Water plants", 1, 0, 2, None, "05:30"),
)
CONTEXT = PromptContext(DayPart.EVENING, 4, 12, 3, TASKS)  # a Friday


def tip(content: str, task: str | None = "f:1", kind: TipKind = TipKind.TASK) -> TipDraft:
    return TipDraft(kind, content, task, 0.8, Source.LLM, "m", "v")


@pytest.mark.parametrize(
    ("task", "content"),
    [
        ("f:1", "“Pay rent” is 9 days overdue. Five minutes would help."),
        ("f:1", "“Pay rent” is top priority, overdue by 9 days and 13 days old."),
        ("f:1", "The most pressing task is “Pay rent”."),
        ("f:2", "“Call Mum” is due today, added 1 day ago."),
        ("f:3", "“Read Kafka” is due in 3 days, high priority."),
        ("f:3", "“Read Kafka” is due on Monday."),
        ("f:3", "“Read Kafka” was added today."),
        ("f:4", "3 of your 12 open tasks are overdue; “Rest” is kind to you."),
        ("f:5", "“Post parcel” is due tomorrow: this evening is a good time."),
        ("f:6", "“Water plants” is overdue since 05:30. Begin with one pot."),
        (None, "You have 12 open tasks this Friday evening."),
    ],
)
def test_true_tips_pass(task: str | None, content: str) -> None:
    kind = TipKind.ADVICE if task is None else TipKind.TASK
    assert flaws(tip(content, task, kind), CONTEXT) == ()


@pytest.mark.parametrize(
    ("task", "content"),
    [
        ("f:1", "“Pay rent” is 8 days overdue."),
        ("f:1", "“Pay rent” is 9 day overdue."),
        ("f:1", "“Pay rent” is 13 days overdue."),
        ("f:1", "“Pay rent” is 9 days old."),
        ("f:1", "“Pay rent” is not 9 days overdue."),
        ("f:1", "“Pay rent” is almost 9 days overdue."),
        ("f:1", "“Pay rent” is nine days overdue."),
        ("f:1", "“Pay rent” is due today."),
        ("f:1", "“Pay rent” has waited for weeks."),
        ("f:1", "“Pay rent” is your oldest task."),
        ("f:2", "“Call Mum” is overdue."),
        ("f:2", "“Call Mum” is the most pressing one."),
        ("f:2", "“Call Mum” is urgent."),
        ("f:2", "“Call Mum” is high priority."),
        ("f:3", "“Read Kafka” is top priority."),
        ("f:3", "“Read Kafka” is due in 2 days."),
        ("f:3", "“Read Kafka” is due on Tuesday."),
        ("f:3", "“Read Kafka” is due tomorrow."),
        ("f:6", "“Water plants” is due today."),
        ("f:6", "“Water plants” is overdue since 05:31."),
        ("f:6", "“Water plants” is overdue."),
        ("f:2", "“Call Mum” is overdue since 05:30."),
        ("f:4", "“Rest” is due today."),
        ("f:4", "“Rest” is 4 days old."),
        ("f:4", "You have 11 open tasks; “Rest” is one."),
        ("f:4", "4 of your 12 open tasks are overdue, “Rest” too."),
        ("f:4", "“Rest” this morning."),
        ("f:4", "“Rest” this Thursday evening."),
        ("f:4", "“Rest” this weekend."),
        ("f:4", "“Rest” tomorrow at 22:00."),
        ("f:4", "Nothing is overdue: “Rest” now."),
        ("f:4", "Your list is empty, so “Rest” now."),
        ("f:4", "You finished ten tasks, so “Rest” now."),
    ],
)
def test_false_facts_are_refused(task: str, content: str) -> None:
    assert flaws(tip(content, task), CONTEXT)


@pytest.mark.parametrize(
    "content",
    [
        "“Pay Rent” is waiting for you.",
        "“Pay rent is waiting for you.",
        "“Pay rent” and “Pay rent” again.",
        "Pay the rent when you can.",
        "“Pay rent” is waiting for you",
        "“Pay rent” is waiting, and.",
        "“Pay rent” is is waiting for you.",
        "“Pay rent”is waiting for you.",
        "“Pay rent” , waiting for you.",
        "“Pay rent” waits. at the desk.",
        "“Pay rent” at www.bank.example now.",
        "“Pay rent” at bank.com now.",
        "“Pay rent” <b>now</b> please.",
        "“Pay rent” **now** please.",
        "“Pay rent” now please 🎉.",
        "“Pay rent” now\x00 please.",
        "“Pay rent” now\u202e please.",
        "“Pay rent” now.\nPlease do.",
        "“Pay rent” " + "very " * 50 + "soon.",
        "“Pay rent”.",
        "",
    ],
)
def test_broken_or_dangerous_texts_are_refused(content: str) -> None:
    assert flaws(tip(content), CONTEXT)


def test_the_verdict_holds_all_that_must_stay_true() -> None:
    said = tip("“Pay rent” is 9 days late, and 3 of your 12 open tasks are overdue.")
    assert set(judge(said, CONTEXT).claims) == {
        Claim(Fact.OPEN, "f:1"),
        Claim(Fact.TITLE, "f:1", "Pay rent"),
        Claim(Fact.DAYS_LATE, "f:1", 9),
        Claim(Fact.OVERDUE_COUNT, value=3),
        Claim(Fact.OPEN_COUNT, value=12),
        Claim(Fact.PART_OF_DAY, value="evening"),
    }


def test_the_most_pressing_is_that_of_the_whole_list() -> None:
    said = tip("The most pressing task is “Pay rent”.")
    assert not flaws(said, CONTEXT)
    assert flaws(said, replace(CONTEXT, first_of_all=False))


def test_kinds_keep_their_promises() -> None:
    assert flaws(tip("“Rest” is good for you.", "f:4", TipKind.REMINDER), CONTEXT)
    assert flaws(tip("“Rest” is good for you.", "f:4", TipKind.INSIGHT), CONTEXT)
    assert flaws(tip("Choose one thing.", None, TipKind.TASK), CONTEXT)
    assert flaws(tip("Choose one thing.", "f:77", TipKind.ADVICE), CONTEXT) == ("unknown task",)
    assert not flaws(tip("“Call Mum” is due today.", "f:2", TipKind.REMINDER), CONTEXT)


def test_at_night_tomorrow_is_never_said() -> None:
    night = PromptContext(DayPart.NIGHT, 4, 12, 3, TASKS)
    assert flaws(tip("“Post parcel” is due tomorrow.", "f:5"), night)
    assert not flaws(tip("“Post parcel” is due in 1 day.", "f:5"), night)


def test_duplicates_are_the_same_words_or_the_same_kind_of_the_same_task() -> None:
    first = tip("“Pay rent” is waiting for you.")
    assert duplicates(tip("“Pay rent”: take the first step."), [first])
    assert duplicates(tip("“pay rent” is waiting, for you!", "f:2", TipKind.ADVICE), [first])
    assert not duplicates(tip("“Pay rent” is due.", "f:1", TipKind.REMINDER), [first])


@unhurried
@given(contexts(least=1), st.randoms(use_true_random=False))
def test_every_phrase_is_true_and_every_other_number_is_not(
    context: PromptContext, random: Random
) -> None:
    index = random.randrange(len(context.tasks))
    task = context.tasks[index]
    true = phrases(context, index)
    for phrase in (*true.own(), *true.count, *true.share, *true.now):
        content = f"{quoted(task.title)} is good, {phrase}."
        assert flaws(tip(content, task.task_id), context) == ()
        for number in re.findall(r"\d+", phrase):
            other = re.sub(rf"\b{number}\b", str(int(number) + 1 + random.randrange(9)), phrase)
            false = f"{quoted(task.title)} is good, {other}."
            assert flaws(tip(false, task.task_id), context)


TOLD = replace(
    CONTEXT,
    told=(
        SignalFact("event", "20:00 to 20:30 today", "Standup"),
        SignalFact("measure", "sleep 5 h today"),
        SignalFact("presence", "active at home"),
    ),
)


@pytest.mark.parametrize(
    "content",
    [
        "Your meeting begins at 20, so rest first.",
        "You slept badly, so take it easy.",
        "You slept 5 hours, so take it easy.",
        "You have a meeting soon, so keep it short.",
        "Before your standup, stand up and stretch.",
        "Your calendar is full, so keep it short.",
        "You are at home, so tidy a shelf.",
        "Do something light before “Standup” begins.",
    ],
)
def test_what_a_writer_was_told_of_the_day_may_not_be_stated(content: str) -> None:
    assert flaws(tip(content, None, TipKind.ADVICE), TOLD)


def test_a_tip_may_fit_the_day_without_a_word_about_it() -> None:
    assert flaws(tip("Take a short walk and a glass of water.", None, TipKind.ADVICE), TOLD) == ()
