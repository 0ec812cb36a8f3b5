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

from ml.generation import templates
from ml.generation.drafts import Source, TipDraft
from ml.generation.refusals import refused as gate_refuses
from ml.generation.refusals import rules
from ml.generation.validation import flaws
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


WORDS = {
    "late": "9 days overdue",
    "due": "due today",
    "dated": "due today",
    "share": "nothing is overdue",
    "count": "12 open tasks",
}


def sentences_of_templates() -> list[str]:
    """Every sentence that the templates may fill in."""
    groups = (texts for name, texts in vars(templates).items() if name.startswith("_"))
    return [text for texts in groups if isinstance(texts, tuple) for text in texts]


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


@pytest.mark.parametrize("text", sentences_of_templates())
def test_no_sentence_of_the_templates_is_refused(text: str) -> None:
    filled = re.sub(r"\{(\w+)\}", lambda slot: WORDS.get(slot[1].lower(), " "), text)
    assert gate_refuses(filled) == []
