"""A task's name: grammatical, in words of its title, and none where it would be a guess."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.naming.name import grammars, name_of

CODES = ("de", "en", "es", "fr", "ja")
CORPUS = Path(__file__).parents[2] / "corpora" / "injections.yaml"
NAMED = {
    "en": {
        "birthday cake for Ben": "the birthday cake for Ben",
        "fill in timesheet": "filling in the timesheet",
        "reply to Anna about Saturday": "replying to Anna",
        "reply Sophie re date": "replying to Sophie about the date",
        "book myself dentist": "booking the dentist",
        "unsubscribe newsletter": "unsubscribing from the newsletter",
        "card for Lena leaving Fri": "the card for Lena leaving",
        "call school re Ollie's bag": "calling school about Ollie's bag",
        "send my cv to agency": "sending your CV to the agency",
        "1:1 notes Priya": None,  # what its sign means is not plain
        "mum hospital appointment transport": None,  # too long a row of nouns
        "chase invoice Okafor": "chasing the Okafor invoice",
        "water bill": "the water bill",
        "water tomatoes": "watering the tomatoes",
        "zorbl the quux": None,
        "order 4mm cable": None,
        "visit https://evil.example": None,
    },
    "de": {
        "Angebot für Familie Becker": "das Angebot für Familie Becker",
        "Steuererklärung": "die Steuererklärung",
        "BAföG Antrag": "der BAföG-Antrag",
        "Präsentation Vertrieb": "die Präsentation",
        "Keller aufräumen": "Keller aufräumen",
        "Elternabend Rückmeldung": None,  # either may be what it is about
        "was ist mit der Wohnung": None,
    },
    "es": {
        "presupuesto para los García": "el presupuesto para los García",
        "renovar DNI": "renovar el DNI",
        "estudiar tema 5 historia": "estudiar el tema 5",
        "escribir a Carmen": "escribir a Carmen",
        "qué regalo a Luis": None,
    },
    "fr": {
        "relancer facture Durand": "relancer la facture Durand",
        "note de frais octobre": "la note de frais",
        "contrôle technique": "le contrôle technique",
        "changer ampoule salon": "changer l'ampoule",
        "appeler la CAF": "appeler la CAF",
        "voisin bruit": None,
    },
    "ja": {
        "企画書 佐々木さん": "佐々木さんの企画書",
        "名刺を注文する": "名刺の注文",
        "牛乳を買う": "牛乳を買うの",
        "山本さんに返信": "山本さんへの返信",
        "洗濯": "洗濯",
        "エクスポートがタイムアウト": None,
        "明日までに提出": None,
    },
}


@pytest.mark.parametrize(
    ("language", "title", "name"),
    [(code, *pair) for code, names in NAMED.items() for pair in names.items()],
)
def test_how_a_title_is_named(language: str, title: str, name: str | None) -> None:
    found = name_of(title, language)
    assert (found and found.text) == name


def test_number_and_sort_are_told() -> None:
    plural = name_of("Plants at the office", "en")
    assert plural is not None
    assert (plural.is_plural, plural.is_action) == (True, False)
    action = name_of("Oma anrufen", "de")
    assert action is not None
    assert (action.is_plural, action.is_action) == (False, True)


def titles(code: str) -> list[str]:
    found = [case.title for case in casebook() if case.language == code]
    return found + [t for one in activities().values() for t in one.wordings[code].titles]


def plain(text: str) -> str:
    return text.casefold().replace("’", "'")


def is_of(name: str, title: str, code: str) -> bool:
    """Whether the name holds words of the title and declared ones alone."""
    declared = {part for word in grammars()[code].declared() for part in plain(word).split("-")}
    if code == "ja":
        return set(Counter(name) - Counter(title)) <= set("".join(declared))
    parts = re.split(r"[\s-]+|(?<=l')", plain(name))
    typed = set(re.split(r"[\s-]+|(?<=l')", plain(title)))
    return set(parts) <= typed | {word.strip("(),;:!?") for word in typed} | declared


@pytest.mark.parametrize("code", CODES)
def test_a_name_holds_words_of_its_title_and_declared_ones_alone(code: str) -> None:
    named = 0
    for title in titles(code):
        name = name_of(title, code)
        if name is not None:
            named += 1
            assert is_of(name.text, title, code), (title, name)
    assert named >= 0.6 * len(titles(code))


@pytest.mark.parametrize("code", CODES)
@given(data=st.data())
def test_so_does_the_name_of_any_row_of_words(code: str, data: st.DataObject) -> None:
    words = sorted({word for title in titles(code)[:400] for word in title.split()})
    title = " ".join(data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=6)))
    name = name_of(title, code)
    assert name is None or is_of(name.text, title, code), (title, name)


def test_no_order_makes_a_name() -> None:
    """Titles are hostile text, and a name is said in our own voice."""
    for code, parts in yaml.safe_load(CORPUS.read_text("utf-8")).items():
        for order, demand in ((o, d) for o in parts["orders"] for d in parts["demands"]):
            text = order.format(demand=demand)
            for name in (name_of(text, language) for language in CODES):
                assert name is None or len(name.text.split()) < 4, (code, text, name)


def test_two_names_of_one_title_are_the_same() -> None:
    assert all(a == b for a, b in pairwise(name_of("Pay the rent", "en") for _ in range(3)))
