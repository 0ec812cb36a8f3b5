"""A link is a link in any script and any domain; a file, a number or a version is none."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.generation.drafts import Source, TipDraft
from ml.generation.links import has_link, is_linklike
from ml.generation.titles import display_title
from ml.generation.validation import flaws
from oo.domain.context import DayPart, PromptContext, TaskFacts
from oo.domain.tips import TipKind

CORPUS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "data" / "links.yaml").read_text("utf-8")
)
PROSE, TITLES = CORPUS["prose"], CORPUS["titles"]


@pytest.mark.parametrize("text", PROSE["refused"])
def test_a_model_writes_no_link_and_no_number_to_call(text: str) -> None:
    tip = TipDraft(TipKind.ADVICE, text, None, 0.8, Source.LLM, "m", "v")
    assert "link" in flaws(tip, PromptContext(DayPart.EVENING, 4, 0, 0, ()))


@pytest.mark.parametrize("text", PROSE["passes"])
def test_prose_without_a_link_is_not_taken_for_one(text: str) -> None:
    assert not is_linklike(text)


@pytest.mark.parametrize("title", TITLES["kept"])
def test_what_only_resembles_a_link_stays_in_a_title(title: str) -> None:
    assert display_title(title) == title


@pytest.mark.parametrize(("title", "shown"), TITLES["changed"].items())
def test_a_clear_link_leaves_a_title_and_the_words_beside_it_stay(title: str, shown: str) -> None:
    assert display_title(title) == shown
    assert not has_link(shown)


@pytest.mark.parametrize("title", [*TITLES["kept"], *TITLES["changed"]])
def test_a_title_however_odd_makes_no_flaw_of_its_own(title: str) -> None:
    task = TaskFacts("f:1", title, 1, None, None, None)
    text = f"Start with “{display_title(title)}”: take the smallest step."
    tip = TipDraft(TipKind.TASK, text, "f:1", 0.8, Source.LLM, "m", "v")
    assert flaws(tip, PromptContext(DayPart.EVENING, 4, 1, 0, (task,))) == ()
