"""A name for a task, as it stands in a sentence: "the Hendersons quote", "calling Mum".

A title is made for a list and a sentence is not one, so a quoted title reads as a form does. A name
holds words of the title and words that its grammar declares (articles, forms of verbs), nothing
else, so it states nothing that the title does not. It stands in our own voice: words that are
neither names nor known from titles that many write make no name, nor does any sign but those
within words. Where a grammar is unsure there is no name, and the title is quoted or left beside.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import ml.naming.grammars
from ml.activities.activity import activities
from ml.activities.casebook import casebook
from ml.generation.titles import display_title
from oo.kit.plugins import discover
from oo.kit.yaml_files import read_yaml

WORDS = Path(__file__).with_name("words")
LONGEST = 44  # characters of a name; what is longer is no shorter way to say it
LONGEST_TITLE = 60
MOST_WORDS = 8
MOST_NAMES = 3  # words that nobody knows but that look like names
REMEMBERED = 20_000
_ENDS = re.compile(r"\s*(?: [-–—|] |[,;(?!/+&>→・、（]|:(?!\d)|$)")
# of what stands on both sides of it, the first alone would be half of the task
_JOINS = frozenset("/+&")
_PLAIN = re.compile(
    r"[0-9A-Za-zÀ-ɏ]+(?:['’-][0-9A-Za-zÀ-ɏ]+)*['’]?"
    r"|(?:Dr|Prof|Mr|Mrs|Ms|St|Fr|Hr|Sra?|Dra?|M)\."
)
_STARTS = re.compile(r"(?<=[.:;])\s|^\S+\s")  # of sentences, where a capital tells nothing
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Name(NamedTuple):
    """A name as it stands within a sentence, and whether verbs beside it are plural.

    One that `is_action` names what is to be done and not a thing: it stands well as a subject and
    after a colon, and oddly elsewhere.
    """

    text: str
    is_plural: bool = False
    is_action: bool = False


class Grammar(NamedTuple):
    """How the titles of a language become names; `name` is its code.

    `say` makes a name of what `words` finds plain in a title;
    `declared` are the words beside the title's own that a name may hold.
    """

    name: str
    words: Callable[[str], tuple[str, ...]]
    say: Callable[[tuple[str, ...]], Name | None]
    declared: Callable[[], frozenset[str]]


@cache
def grammars() -> dict[str, Grammar]:
    """Every grammar by its language. Raises BrokenPlugin where a file cannot be loaded."""
    return discover(ml.naming.grammars, "GRAMMAR", Grammar)


@lru_cache(REMEMBERED)
def name_of(title: str, language: str) -> Name | None:
    """The name of a task with that title; None where none is sure to be right."""
    grammar = grammars().get(language)
    words = () if grammar is None else grammar.words(title)
    name = grammar.say(words) if grammar is not None and words else None
    return name if name is not None and len(name.text) <= LONGEST else None


def plain_words(title: str, language: str) -> tuple[str, ...]:
    """The words of what the title says first; empty where something in it is not plain."""
    if display_title(title) != title or len(title) > LONGEST_TITLE:
        return ()
    end = _ENDS.search(title)
    assert end is not None  # noqa: S101 - the end of the title is one
    if end[0].strip() in _JOINS:
        return ()
    words = tuple(title[: end.start()].split())
    if not words or len(words) > MOST_WORDS or not all(map(_PLAIN.fullmatch, words)):
        return ()
    known = vocabulary(language)
    strange = [word for word in words if word.casefold() not in known and word.isalpha()]
    if len(strange) > MOST_NAMES or any(word[0].islower() for word in strange):
        return ()
    return words


@cache
def vocabulary(language: str) -> frozenset[str]:
    """The words of titles that many people write and of their steps, in one case."""
    found = {word for text in _texts(language) for word in _WORD.findall(text.casefold())}
    return frozenset(found | _declared(language))


@cache
def known_names(language: str) -> frozenset[str]:
    """Of those words the ones that have a capital wherever they stand, and are not declared."""
    within = [part for text in _texts(language) for part in _STARTS.split(text)]
    capital = {word.casefold() for word in _words(within) if word[0].isupper()}
    lower = {word for word in _words(_texts(language)) if word[0].islower()}
    return frozenset(capital - lower - _declared(language))


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(text) if not word.isupper()}


def _texts(language: str) -> list[str]:
    cases = [case for case in casebook() if case.language == language]
    texts = [text for case in cases for text in (case.title, case.plain)]
    for activity in activities().values():
        if language in activity.wordings:
            texts += activity.wordings[language].titles
    return texts


def _declared(language: str) -> frozenset[str]:
    words = (str(word) for sort in lexicon(language).values() for word in sort)
    return frozenset(part for word in words for part in word.split())


@cache
def lexicon(language: str) -> dict[str, dict[str, str] | list[str]]:
    """The declared words of a language by their sort."""
    path = WORDS / f"{language}.yaml"
    found: dict[str, dict[str, str] | list[str]] = read_yaml(path) if path.exists() else {}
    return found


def sort_of(language: str, sort: str) -> frozenset[str]:
    """The words of one sort."""
    return frozenset(lexicon(language)[sort])


def forms_of(language: str, sort: str) -> dict[str, str]:
    """The words of one sort, each with a form of it."""
    found = lexicon(language)[sort]
    assert isinstance(found, dict)  # noqa: S101 - which sorts have forms is up to the file
    return found


def without_tail(words: tuple[str, ...], dangling: frozenset[str]) -> tuple[str, ...]:
    """The words without those at the end that need another after them."""
    while words and words[-1].casefold() in dangling:
        words = words[:-1]
    return words
