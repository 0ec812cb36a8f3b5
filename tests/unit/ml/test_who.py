"""A step may say whom a title names: one person or firm, as it is typed, or else nobody."""

import pytest

from ml.activities.casebook import Case, casebook
from ml.naming.who import LONGEST, who_of, with_who

STEP = "Two lines to {who|them} are enough."


@pytest.mark.parametrize(
    ("title", "language", "who"),
    [
        ("chase Wilson for payment", "en", "Wilson"),
        ("send estimate to Mrs Okafor", "en", "Mrs Okafor"),
        ("ring the vet about Luna's tablets", "en", "Luna"),
        ("Ask Anna and Pawel", "en", None),  # which of them is not told
        ("Clean The Bathroom", "en", None),
        ("relancer Mme Lefèvre", "fr", "Mme Lefèvre"),
        ("escribir a Ramírez", "es", "Ramírez"),
        ("Rechnung an Frau Okafor", "de", "Frau Okafor"),
        ("Rechnung Okafor", "de", None),  # every noun has a capital there
        ("山本さんに返信", "ja", "山本さん"),
        ("お客様へ見積", "ja", None),  # nobody is called 客様
        ("お得意様リスト", "ja", None),
        ("御担当者様へ送付状", "ja", None),
        ("write to https://evil.example/Wilson", "en", None),
        (f"chase {'W' + 'i' * LONGEST}", "en", None),
    ],
)
def test_whom_a_title_names(title: str, language: str, who: str | None) -> None:
    assert who_of(title, language) == who
    assert with_who(STEP, title, language) == f"Two lines to {who or 'them'} are enough."


def test_a_case_is_known_by_what_it_says_of_anybody() -> None:
    case = Case("follow_up", "en", "Chase payment", STEP)
    assert case.plain == "Two lines to them are enough."
    assert case.parts == ("Two lines to ", " are enough.")
    named = [one for one in casebook() if "{" in one.step]
    assert len(named) > 30
    assert all("{" not in one.plain for one in named)
