"""German: an infinitive stands as it is, a noun gets its article in the nominative."""

from functools import partial

from ml.naming.name import Grammar, Name, forms_of, plain_words, sort_of, without_tail

CODE = "de"
_LEAST = 3  # letters of a known noun at the end of a compound


def name(words: tuple[str, ...]) -> Name | None:
    """ "Oma anrufen" as it is; "Angebot für Familie Becker": das Angebot für Familie Becker."""
    if any(word.casefold() in sort_of(CODE, "sentence") for word in words):
        return None
    is_verb = words[-1][0].islower() and words[-1] in sort_of(CODE, "infinitives")
    if is_verb and not (set(words) & sort_of(CODE, "times")):
        return _doing(words)
    return _thing(_plainly(words))


def _doing(words: tuple[str, ...]) -> Name | None:
    if len(words) < 2 or any(word[0].isdigit() for word in words):
        return None
    return Name(" ".join(words), is_action=True)


def _plainly(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words up to the first that speaks of a time or a number."""
    found: list[str] = []
    for word in words:
        if word[0].isdigit() or word in sort_of(CODE, "times"):
            break
        found.append(word)
    return without_tail(tuple(found), sort_of(CODE, "prepositions"))


def _thing(words: tuple[str, ...]) -> Name | None:
    """A noun whose gender is known, with what a preposition adds to it."""
    if not words or not words[0][0].isupper():
        return None
    first = _article(words[0])
    if len(words) == 1:
        return None if first is None else _named(first, words)
    if first is not None and words[1].casefold() in sort_of(CODE, "prepositions"):
        of = words[2:5]
        is_whole = of and (of[-1][0].isupper() or of[-1].isdigit()) and _is_of(of)
        return _named(first, words[: 2 + len(of)] if is_whole else words[:1])
    if first is not None and words[1].casefold() in sort_of(CODE, "genitives"):
        return _named(first, words[:3]) if len(words) > 2 else None
    last = _article(words[1])
    if first is not None:  # of two nouns side by side either may be what it is about
        return _named(first, words[:1]) if last is None else None
    is_pair = last is not None and len(words) == 2 and words[0].isalpha()
    return _named(last, ("-".join(words),)) if is_pair and last else None


def _is_of(words: tuple[str, ...]) -> bool:
    """Whether all of these can follow a preposition: names, nouns and articles."""
    return all(w[0].isupper() or w.casefold() in sort_of(CODE, "articles") for w in words)


def _named(article: str, words: tuple[str, ...]) -> Name:
    return Name(" ".join((article.removesuffix("+"), *words)), article.endswith("+"))


def _article(noun: str) -> str | None:
    """The article of a noun, with a plus for the plural; of a compound that of its last part."""
    if not noun[0].isupper():
        return None
    plain = noun.casefold().rpartition("-")[2]
    for start in range(len(plain) - _LEAST + 1):
        if (found := forms_of(CODE, "nouns").get(plain[start:])) is not None:
            return found
    return next(
        (article for end, article in forms_of(CODE, "endings").items() if plain.endswith(end)), None
    )


def declared() -> frozenset[str]:
    """Articles."""
    return frozenset({"der", "die", "das"})


GRAMMAR = Grammar(CODE, partial(plain_words, language=CODE), name, declared)
