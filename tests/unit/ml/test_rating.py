"""The rule finds what it names, and its coefficients are those of the readers' verdicts."""

import numpy as np
import pytest

from ml.composing.faults import Fault
from ml.embedding.embedder import sentence_encoder
from ml.rating.calibration import Floats, agreement, coefficients, fit, out_of_list
from ml.rating.judges import tip_judges
from ml.rating.measures import MEASURES, Measures
from ml.rating.reading import Item, Reading
from ml.rating.verdicts import Judged, judged
from ml.rating.words import about, is_action, times

LIST = (Item("call the bank"), Item("buy paint for the fence", 1, 4))


def reading(tip: str, *beside: str, language: str = "en") -> Reading:
    return Reading("1", language, 9, LIST, tip, beside)


@pytest.fixture(scope="module")
def measured() -> Floats:
    return Measures(sentence_encoder())([tip.reading for tip in judged()])


def test_the_file_is_what_the_verdicts_give(measured: Floats) -> None:
    fitted = fit(measured, judged())
    assert fitted.fitted_to == coefficients().fitted_to
    for name, weight in fitted.weights.items():
        assert coefficients().weights[name] == pytest.approx(weight, abs=0.05), (
            name
        )  # steps on file decide what an action is


def test_on_lists_that_it_did_not_see_it_goes_with_the_readers(measured: Floats) -> None:
    found = agreement(out_of_list(measured, judged()), judged())
    assert found.tips == 2592
    assert found.all_tips > 0.6  # form told the writers apart until round 4; less so since
    assert found.pairs > 0.82
    assert found.ours > 0.25
    assert found.theirs > 0.25
    assert found.reader > found.all_tips  # the ceiling


def test_no_list_is_in_fit_and_test_at_once(
    measured: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ml.rating.calibration as module

    seen: list[set[str]] = []

    def spy(rows: Floats, tips: list[Judged]) -> object:
        seen.append({tip.reading.list_id for tip in tips})
        return fit(rows, tips)

    monkeypatch.setattr(module, "fit", spy)
    out_of_list(measured, judged())
    everything = {tip.reading.list_id for tip in judged()}
    assert sorted(next(iter(everything - some)) for some in seen) == sorted(everything)
    assert all(len(everything - some) == 1 for some in seen)


def test_scores_of_chance_agree_with_nobody() -> None:
    scores = np.random.default_rng(3).normal(size=len(judged()))
    found = agreement(scores, judged())
    assert abs(found.all_tips) < 0.1
    assert found.pairs == pytest.approx(0.5, abs=0.08)


async def test_every_fault_costs_and_is_named() -> None:
    plain = reading("Ring the bank before ten, the queue is short then.")
    empty = reading("Ring the bank before ten, then take the next step of it.")
    again = reading(plain.tip, plain.tip)
    opinions = await tip_judges()["rule"].judge([plain, empty, again])
    good, bad, repeated = (one for one in opinions if one is not None)
    assert good.faults == ()
    assert bad.faults == (Fault.EMPTY_STEP,)
    assert repeated.faults == (Fault.REPEATED,)
    assert max(bad.score, repeated.score) < good.score


def test_the_task_is_told_by_its_words() -> None:
    assert reading("Paint first: the shop closes at six.").task == 1
    assert reading("Rest a little.").task is None
    assert about("Ring the banks", ["call the bank"], "en") == (0.5,)
    assert about("銀行に電話しましょう。", ["銀行に電話"], "ja") == (1.0,)


def test_actions_and_times_are_told_in_each_language() -> None:
    assert is_action("Call before ten.", "en")
    assert not is_action("The bank is open.", "en")
    assert is_action("電話しましょう。", "ja")
    assert times("Ruf heute um 9:30 an, Montag ist zu.", "de") == 3
    assert times("明日の朝", "ja") == 2


def test_a_step_of_its_own_fits_better_than_one_for_anything() -> None:
    table = Measures(sentence_encoder())(
        [
            reading("“call the bank” is due. Have the account number at hand."),
            reading("“call the bank” is due. Put on some music."),
        ]
    )
    assert table[0, MEASURES.index("fits")] > table[1, MEASURES.index("fits")]
