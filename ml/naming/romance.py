"""What Spanish and French have in common: an infinitive stands, a noun gets its article."""

from collections.abc import Callable
from typing import NamedTuple

from ml.naming.name import Name, forms_of, plain_words, sort_of, vocabulary, without_tail

_MOST_AFTER = 5  # words after a noun that still belong to it


class Romance(NamedTuple):
    """A language of which the articles go by gender; `join` puts an article before a noun."""

    code: str
    join: Callable[[str, str], str]

    def name(self, words: tuple[str, ...]) -> Name | None:
        """ "renovar DNI" as it is; "presupuesto para los García": el presupuesto para los ..."""
        short = forms_of(self.code, "short")
        words = tuple(short.get(word.casefold(), word) for word in words)
        if any(word.casefold() in sort_of(self.code, "sentence") for word in words):
            return None
        plain = self._plainly(words)
        if not plain:
            return None
        verb = plain[0].casefold()
        if verb in sort_of(self.code, "infinitives"):
            return self._doing(verb, plain[1:], is_cut=len(plain) < len(words))
        said = self._noun(plain)
        article = self._article(plain[0].casefold())
        return Name(said, article in sort_of(self.code, "plural")) if said and article else None

    def words(self, title: str) -> tuple[str, ...]:
        """The plain words of a title."""
        return plain_words(title, self.code)

    def _plainly(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words up to the first that speaks of a time or a number."""
        found: list[str] = []
        for at, word in enumerate(words):
            is_numbered = at > 0 and words[at - 1].casefold() in sort_of(self.code, "numbered")
            is_number = word[0].isdigit() and not is_numbered
            if is_number or word.casefold() in sort_of(self.code, "times"):
                break
            found.append(word)
        return without_tail(tuple(found), self._small | sort_of(self.code, "dangling"))

    def _doing(self, verb: str, rest: tuple[str, ...], *, is_cut: bool) -> Name | None:
        if not rest:
            return None if is_cut else Name(verb, is_action=True)
        if verb in sort_of(self.code, "with_preposition") and not self._is_small(rest[0]):
            return None
        said = self._noun(rest) if self._article(rest[0].casefold()) else None
        if said is None:
            said = " ".join(rest) if self._is_whole(rest) else None
        elif verb in sort_of(self.code, "of_people") and rest[0][0].islower():
            said = forms_of(self.code, "to")[said.split()[0]] + " " + " ".join(said.split()[1:])
        return None if said is None else Name(f"{verb} {said}", is_action=True)

    def _is_whole(self, rest: tuple[str, ...]) -> bool:
        """Whether what follows a verb stands well as it is: names, and what has its small words."""
        return self._is_small(rest[0]) or rest[0][0].isupper()

    def _noun(self, words: tuple[str, ...]) -> str | None:
        """The noun at the start with its article and what small words add to it."""
        noun = words[0] if words[0].isupper() else words[0].casefold()
        article = self._article(noun.casefold())
        if article is None:
            return None
        small = self._small
        kept: list[str] = []
        for at, word in enumerate(words[1 : 1 + _MOST_AFTER], start=1):
            is_bound = words[at - 1].casefold() in small or self._is_small(word)
            is_name = word[0].isupper() and article in sort_of(self.code, "with_names")
            is_number = word[0].isdigit() and words[at - 1].casefold() in sort_of(
                self.code, "numbered"
            )
            is_part = (
                is_number
                or is_bound
                or is_name
                or word.casefold() in sort_of(self.code, "adjectives")
            )
            if not is_part:
                break
            kept.append(word)
        after = without_tail(tuple(kept), small | sort_of(self.code, "dangling"))
        if len(after) + 1 < len(words) and noun in sort_of(self.code, "beings"):
            return None
        return " ".join((self.join(article, noun), *after))

    def _is_small(self, word: str) -> bool:
        """Whether it binds what follows, or holds a small word itself (``d'imposition``)."""
        plain = word.casefold().replace("’", "'")
        return plain in self._small or plain.startswith(("d'", "l'"))

    @property
    def _small(self) -> frozenset[str]:
        return sort_of(self.code, "prepositions") | sort_of(self.code, "articles")

    def _article(self, noun: str) -> str | None:
        """The article of a noun; None for words that are none or whose gender is not known."""
        if any(noun in sort_of(self.code, no) for no in ("no_nouns", "adjectives")):
            return None
        if noun in self._small:
            return None
        nouns, endings = forms_of(self.code, "nouns"), forms_of(self.code, "endings")
        if noun in nouns:
            return nouns[noun]
        if noun not in vocabulary(self.code):
            return None
        return next((endings[end] for end in endings if noun.endswith(end)), None)

    def declared(self) -> frozenset[str]:
        """Articles, what short forms stand for, and what verbs of people need."""
        told = [*forms_of(self.code, "short").values(), *forms_of(self.code, "to").values()]
        return frozenset(
            w for words in (*told, *sort_of(self.code, "articles")) for w in words.split()
        )
