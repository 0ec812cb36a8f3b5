"""Each kind of statement that a tip may not make: what is refused, and what is not.

The corpora are files of `data/claims`, one per rule, which they name. The quoted title is the
person's own.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.activities.activity import activities
from ml.advice.advice import pieces
from ml.generation.drafts import Source, TipDraft
from ml.generation.refusals import rules
from ml.generation.validation import flaws
from ml.languages.language import languages
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.tips import TipKind

CORPORA = Path(__file__).parent / "data" / "claims"
LEAST = 40
LANGUAGES = {"de", "es", "fr", "ja", "pt", "it", "nl", "pl", "ru", "zh", "ko", "ar", "tr"}


def corpus(kind: str) -> dict[str, Any]:
    """The corpus of a kind: its `rule`, `refused`, of languages by language, and `passes`."""
    found: dict[str, Any] = yaml.safe_load((CORPORA / f"{kind}.yaml").read_text("utf-8"))
    return found


RULES = {path.stem: corpus(path.stem)["rule"] for path in sorted(CORPORA.glob("*.yaml"))}


def refused(kind: str) -> list[str]:
    """The sentences of a kind that must be refused."""
    texts = corpus(kind)["refused"]
    return [text for of in texts.values() for text in of] if isinstance(texts, dict) else texts


def of_all(which: str) -> Iterator[tuple[str, str]]:
    """The sentences of all kinds, each with its kind."""
    for kind in RULES:
        for text in refused(kind) if which == "refused" else corpus(kind)["passes"]:
            yield kind, text


SLOTS = {"days": "9 days", "weekday": "Friday", "moment": "Friday morning", "time": "05:30"}


def composed_english() -> set[str]:
    """Every sentence, step and piece of advice that a composed tip may hold, slots filled."""
    english = languages()["en"]
    facts = (text for texts in english.facts.values() for text in texts)
    of_kinds = (kind.wordings["en"].steps for kind in activities().values())
    steps = (text for of in (*of_kinds, english.unknown) for texts in of.values() for text in texts)
    advice = (text for piece in pieces().values() for text in piece.texts["en"])
    every = (*facts, *steps, *advice)
    return {re.sub(r"\{(\w+)\}", lambda slot: SLOTS.get(slot[1], " "), text) for text in every}


def flaws_of(text: str) -> tuple[str, ...]:
    """What the gate finds wrong with `text`, its quotation being the title of its task."""
    title = re.search("“([^“”]*)”", text)
    task = TaskFacts("f:1", title[1], 1, None, None, None) if title else None
    context = PromptContext(DayPart.AFTERNOON, 2, 3, 0, (task,) if task else ())
    ref = None if task is None else task.task_id
    return flaws(TipDraft(TipKind.ADVICE, text, ref, 0.8, Source.LLM, "m", "v"), context)


@pytest.mark.parametrize(("kind", "text"), of_all("refused"))
def test_what_nothing_proves_or_what_may_harm_is_refused_by_its_own_rule(
    kind: str, text: str
) -> None:
    assert rules()[RULES[kind]].find(re.sub("“[^“”]*”", " ", text))
    assert flaws_of(text)


@pytest.mark.parametrize(("kind", "text"), of_all("passes"))
def test_what_states_nothing_of_the_kind_passes_the_whole_gate(kind: str, text: str) -> None:
    assert flaws_of(text) == ()


@pytest.mark.parametrize("kind", RULES)
def test_each_corpus_is_large_enough_to_mean_something(kind: str) -> None:
    assert len(refused(kind)) >= LEAST
    assert len(corpus(kind)["passes"]) >= LEAST


def test_each_language_has_sentences_of_its_own() -> None:
    texts = corpus("languages")["refused"]
    assert texts.keys() >= LANGUAGES
    assert all(len(of) >= 6 for of in texts.values())


def test_every_rule_but_that_of_the_day_has_a_corpus() -> None:
    assert rules().keys() - set(RULES.values()) == {"unproven of the day"}


def test_no_composed_sentence_is_harmful() -> None:
    # what it states is claimed and proven, which these rules cannot see
    harm = rules()["harmful advice"]
    assert [text for text in composed_english() if harm.find(text)] == []
