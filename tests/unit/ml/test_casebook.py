"""A title near a case gets the step of who has read it, in the language of the list."""

from random import Random

import pytest

from ml.activities.activity import activities
from ml.activities.casebook import Case
from ml.activities.matching import Matcher, fitted
from ml.activities.recogniser import Recogniser
from ml.composing.choosing import slots
from ml.composing.composer import Composer, Line
from ml.embedding.embedder import sentence_encoder
from oo.domain.claims import Fact
from oo.domain.context import DayPart, PromptContext, TaskFacts

DAMAGE = "Send three photos with the date."
SCHADEN = "Schick drei Fotos mit dem Datum."
CASES = (
    Case("call", "en", "Call the plumber about the leak", DAMAGE),
    Case("call", "de", "Klempner wegen Wasserschaden anrufen", SCHADEN),
    Case("call", "en", "Call granny", "Ask about the garden first."),
)


@pytest.fixture(scope="module")
def composer() -> Composer:
    kinds = {name: activities()[name] for name in ("call", "read", "pay")}
    recogniser = Recogniser(kinds, sentence_encoder(), CASES)
    return Composer(recogniser, Matcher(CASES, sentence_encoder(), recogniser, fitted()))


def lines(composer: Composer, part: DayPart, *titles: str) -> list[Line]:
    tasks = tuple(TaskFacts(f"f:{n}", title, 1, 0, 2, None) for n, title in enumerate(titles))
    return composer.lines(PromptContext(part, 1, len(tasks), 0, tasks), Random(3))


def steps(found: list[Line], index: int) -> set[str | None]:
    return {line.step for line in found if line.index == index}


@pytest.mark.parametrize(
    ("titles", "step"),
    [
        (("call plumber, leak in the bathroom", "Read the report"), DAMAGE),
        (("Klempner anrufen wg. Wasserschaden", "Bericht lesen"), SCHADEN),
    ],
)
def test_what_suits_the_title_goes_before_what_suits_the_kind(
    composer: Composer, titles: tuple[str, ...], step: str
) -> None:
    found = lines(composer, DayPart.MORNING, *titles)
    first = next(slot for slot in slots(found, 2) if slot[0].index == 0)
    assert {line.step for line in first} == {step}
    assert steps(found, 1) - {None} <= {
        text
        for wording in activities()["read"].wordings.values()
        for texts in wording.steps.values()
        for text in texts
    }


def test_a_title_that_is_near_no_case_has_the_steps_of_its_kind(composer: Composer) -> None:
    found = lines(composer, DayPart.MORNING, "Call the tax office")
    assert not steps(found, 0) & {case.step for case in CASES}


def test_at_night_nothing_of_it_is_urged(composer: Composer) -> None:
    found = lines(composer, DayPart.NIGHT, "call plumber, leak in the bathroom")
    assert DAMAGE not in steps(found, 0)


def test_a_step_for_the_title_opens_the_tip_and_the_title_stands_beside_it(
    composer: Composer,
) -> None:
    found = lines(
        composer, DayPart.MORNING, "call plumber, leak in the bathroom", "Read the report"
    )
    for line in found:
        beside = {claim.value for claim in line.claims if claim.fact is Fact.ABOUT}
        if line.step == DAMAGE:
            assert line.content.startswith(DAMAGE) or "alling the plumber" in line.content
            assert "“" not in line.content
            assert beside == {"call plumber, leak in the bathroom"}
        elif line.index == 1:
            assert "eading the report" in line.content
            assert beside == {"Read the report"}
    assert DAMAGE in steps(found, 0)


def test_a_title_that_has_to_be_cleaned_is_quoted_where_it_is_cleaned(composer: Composer) -> None:
    title = "call plumber, leak in the bathroom https://evil.example/x"
    for line in lines(composer, DayPart.MORNING, title):
        assert not any(claim.fact is Fact.ABOUT for claim in line.claims)
        assert "evil" not in line.content
