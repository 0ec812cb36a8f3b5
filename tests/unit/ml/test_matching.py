"""Which first steps suit a title: by what it means, by its words, and by its form."""

import numpy as np
import pytest

from ml.activities.fitting import GOOD, Judged, fit, judged, knowing_matcher, tried
from ml.activities.hint import hinted
from ml.activities.matching import FEATURES, Matcher, fitted
from ml.activities.words import Words, stems
from ml.composing.composer import Composer
from oo.domain.context import DayPart, PromptContext, TaskFacts


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return knowing_matcher()


@pytest.mark.parametrize(
    ("title", "language", "near"),
    [
        ("mark 9C essays (31)", "en", "Mark student essays"),  # the encoder says .39
        ("van MOT", "en", "Car MOT"),
        ("Umzug: Helfer fragen (Jo, Kim)", "de", "Umzugshelfer fragen"),
        ("baja del gimnasio", "es", "Darme de baja del gimnasio"),
        ("健康診断 予約する", "ja", "健康診断の予約"),
    ],
)
def test_finds_the_case_of_the_same_errand(
    matcher: Matcher, title: str, language: str, near: str
) -> None:
    ((found, _),) = matcher([title], language)
    assert near in [one.case.title for one in found]
    assert all(one.case.language == language for one in found)
    assert [one.probability for one in found] == sorted(
        (one.probability for one in found), reverse=True
    )


@pytest.mark.parametrize("title", ["xqzt vrrm", "🦔", "12 34", "", "-"])
def test_says_nothing_of_what_it_cannot_read(matcher: Matcher, title: str) -> None:
    assert [one.suiting for one in matcher([title], "en")] == [()]
    assert matcher([title], "xx") == [((), {})]


def test_figures_are_of_titles_that_were_not_learnt_from() -> None:
    """Noise in, chance out: a model that saw its own titles would look good."""
    draw = np.random.default_rng(3)
    titles = np.repeat(np.arange(150), 4)
    said = draw.choice([0.0, float(GOOD)], len(titles), p=[0.7, 0.3])
    data = Judged(draw.normal(size=(len(titles), len(FEATURES))), said, titles)
    (row,) = (one for one in tried(data) if one.least == 0.2)
    assert row.covered > 0.9
    assert row.good == pytest.approx(0.3, abs=0.12)


def test_the_weights_are_those_of_the_judgements(matcher: Matcher) -> None:
    data = judged(matcher)
    again = fit(data.features, (data.said == GOOD).astype(float))
    assert len(data.said) > 1_400
    for name in FEATURES:
        assert fitted().weight[name] == pytest.approx(again.weight[name], abs=0.02), name
    (row,) = (one for one in tried(data) if one.least == 0.4)
    assert row.covered > 0.45
    assert row.not_foreign > 0.82


def test_a_core_is_what_others_say_too() -> None:
    texts = ("mark the essays", "chase the invoice", "water tomatoes")
    words = Words([stems(text) for text in texts])
    assert words.core("mark 8B essays (28) Hendersons") == "mark essays"
    assert words.core("Hendersons essays") == "Hendersons essays"  # one word is too few
    assert stems("Überweisung tätigen") == {"uberw", "tatig"}
    assert stems("部屋の掃除") == {"部屋", "屋の", "の掃", "掃除"}


@pytest.mark.parametrize(
    ("title", "language", "shows"),
    [
        ("buttonholes x9", "en", True),
        ("20x GU10", "en", True),
        ("mark 8B essays (28)", "en", True),
        ("pharm quiz ch 9-11", "en", True),
        ("Essay 800w", "en", True),
        ("レポート 比較文化 2000字", "ja", True),
        ("new menu prices??", "en", True),
        ("call Marek AGAIN", "en", True),
        ("Helfer fragen (Ali, Steffi, Ben)", "de", True),
        ("oat milk order before 3", "en", True),
        ("bday present for Maya (7)", "en", False),
        ("van MOT", "en", False),
        ("invoice 2026-11", "en", False),
        ("Kapitel 3", "de", False),
        ("call mum again", "en", False),
        ("fix (old, rusty) gate", "en", False),
    ],
)
def test_reads_what_a_title_shows(title: str, language: str, shows: bool) -> None:
    assert bool(list(hinted(title, language))) is shows


def test_twenty_that_are_ordered_are_one_order() -> None:
    assert not list(hinted("order 20x GU10", "en", "order_online"))
    assert list(hinted("buttonholes x9", "en", "sew"))


def test_a_near_title_tells_the_kind_of_work_better_than_words_that_it_shares(
    matcher: Matcher,
) -> None:
    """It has the words of painting, and its errand is the tip."""
    titles = ("tip run - old mattress, paint tins", "paint the shed", "fridge temps log")
    tasks = tuple(TaskFacts(f"f:{n}", title, 1, 0, 2, None) for n, title in enumerate(titles))
    composer = Composer(matcher.recogniser, matcher)
    scene = composer.scene(PromptContext(DayPart.MORNING, 1, len(tasks), 0, tasks))
    assert [work.kind for work in scene.works] == ["bins", "paint", "clean"]
    assert [work.is_likely for work in scene.works] == [True, True, False]
    assert not scene.works[0].is_sure  # nothing is stated of it by its kind
