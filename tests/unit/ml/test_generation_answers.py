"""Answers as models write them: what is whole in them is read, and why the rest is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.generation.answers import CUT_OFF, EMPTY, NO_JSON, NO_TIPS, parse

RENT = {"task_id": "t1", "kind": "task", "content": "Pay “t1” now.", "confidence": 0.8}
WALK = {"task_id": None, "kind": "advice", "content": "Take a short walk.", "confidence": 0.4}
BOTH = json.dumps({"tips": [RENT, WALK]})


def contents(text: str) -> list[str]:
    return [tip.content for tip in parse(text).tips]


@pytest.mark.parametrize(
    "text",
    [
        BOTH,
        f"Sure!\n```json\n{BOTH}\n```",
        f"I use {{curly}} words, like {{this: one}}.\n{BOTH}\nDoes {{that}} help?",
        f"<think>The set {{1, 2}} or {json.dumps({'tips': [WALK]})}?</think>\n{BOTH}",
        f"Hm, so {{t1}} is late.\n</think>\n\n{BOTH}",
        f"{json.dumps({'tips': [RENT]})}\n\n{json.dumps({'tips': [WALK]})}",
        json.dumps([RENT, WALK]),
        f"{json.dumps(RENT)}\n{json.dumps(WALK)}",
        json.dumps({"answer": {"tips": [RENT, WALK]}}),
    ],
)
def test_the_tips_are_read_whatever_stands_around_them(text: str) -> None:
    found = parse(text)
    assert [tip.content for tip in found.tips] == [RENT["content"], WALK["content"]]
    assert found.unread == ()


def test_of_an_answer_that_was_cut_off_the_whole_tips_count() -> None:
    cut = BOTH[: BOTH.index("Take a short") + 4]
    found = parse(cut)
    assert [tip.content for tip in found.tips] == [RENT["content"]]
    assert found.unread == (CUT_OFF,)


@given(st.integers(0, len(BOTH)))
def test_no_tip_is_ever_made_of_half_a_tip(length: int) -> None:
    assert set(contents(BOTH[:length])) <= {str(RENT["content"]), str(WALK["content"])}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("0.8", 0.8),
        ("80", 0.8),
        ('"80%"', 0.8),
        ('"80 %"', 0.8),
        ('"0.8"', 0.8),
        ("1", 1.0),
        ("100", 1.0),
        ("0", 0.0),
    ],
)
def test_confidence_may_be_per_cent(given: str, read: float) -> None:
    (tip,) = parse(f'{{"kind":"advice","content":"Rest.","confidence":{given}}}').tips
    assert tip.confidence == pytest.approx(read)


@pytest.mark.parametrize("given", ["NaN", "Infinity", "-1", "101", "true", '"high"', "null"])
def test_confidence_that_is_none_is_named(given: str) -> None:
    found = parse(f'{{"tips":[{{"kind":"task","content":"x","confidence":{given}}}]}}')
    assert found.tips == ()
    assert found.unread[0].startswith("tip 1: confidence: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", EMPTY),
        ("  \n", EMPTY),
        ("<think>What could I say? {}", EMPTY),
        ("I cannot help with that.", NO_JSON),
        ("{}", NO_TIPS),
        ('{"tips":[]}', NO_TIPS),
        ("{" * 5_000, NO_TIPS),
        ("[" * 50_000, NO_JSON),
    ],
)
def test_an_answer_without_tips_says_why(text: str, why: str) -> None:
    assert parse(text).unread == (why,)


def test_a_bad_tip_spoils_no_other_and_is_told_apart() -> None:
    found = parse(json.dumps({"tips": [{"kind": "song"}, "words", RENT]}))
    assert [tip.content for tip in found.tips] == [RENT["content"]]
    assert found.unread[0].startswith("tip 1: kind: ")
    assert "content: Field required" in found.unread[0]
    assert found.unread[1].startswith("tip 2: ")


@given(st.text(alphabet='{}[]",:tipscontent<think>/ \\n', max_size=300))
def test_nothing_that_a_model_writes_is_an_error(text: str) -> None:
    parse(text)
