"""English: a verb becomes its gerund, a noun gets its article."""

from functools import partial

from ml.naming.name import (
    Grammar,
    Name,
    forms_of,
    plain_words,
    sort_of,
    vocabulary,
    without_tail,
)

CODE = "en"
_NO_PLURAL = ("ss", "us", "is", "'s", "’s")


def name(words: tuple[str, ...]) -> Name | None:
    """ "fill in timesheet": filling in the timesheet; "birthday cake for Ben": the birthday ..."""
    typed, words = words, _plainly(words)
    if not words or any(_is_of_a_sentence(word) for word in words):
        return None
    if len(words) == 1 < len(typed) and words[0].casefold() in forms_of(CODE, "verbs"):
        return None  # what it is about is not plain
    for length in (2, 1):
        verb = " ".join(words[:length]).casefold()
        if verb in forms_of(CODE, "verbs") and not _is_noun(words):
            return _doing(verb, words[length:], is_cut=len(words) < len(typed))
    return _thing(words)


def _plainly(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words up to the first that speaks of a time, a number or the length of something."""
    short = forms_of(CODE, "short")
    found: list[str] = []
    for at, word in enumerate(words):
        plain = word.casefold()
        is_numbered = at > 0 and words[at - 1].casefold() in sort_of(CODE, "numbered")
        if plain in sort_of(CODE, "times") or (word[0].isdigit() and not is_numbered):
            break
        found.append(short.get(plain, word))
    return _with_name_before(
        without_tail(tuple(found), sort_of(CODE, "prepositions") | sort_of(CODE, "dangling"))
    )


def _with_name_before(words: tuple[str, ...]) -> tuple[str, ...]:
    """ "chase invoice Patel": chase Patel invoice, where the noun takes a name."""
    noun = words[-2] if len(words) > 1 else ""
    is_verb = len(words) == 2 and noun.casefold() in forms_of(CODE, "verbs")
    if not is_verb and noun in sort_of(CODE, "of_somebody") and _is_name(words[-1]):
        return (*words[:-2], words[-1], noun)
    return words


def _is_of_a_sentence(word: str) -> bool:
    plain = word.casefold().replace("’", "'")
    return plain in sort_of(CODE, "auxiliaries") or plain.endswith(
        ("n't", "'m", "'re", "'ll", "'ve")
    )


def _is_noun(words: tuple[str, ...]) -> bool:
    """Whether what looks like a verb is part of a noun: "water bill", "book club"."""
    pair = " ".join(words[:2]).casefold()
    alone = len(words) == 1 and words[0].casefold() in sort_of(CODE, "rather_nouns")
    return pair in sort_of(CODE, "compounds") or alone


def _doing(verb: str, rest: tuple[str, ...], *, is_cut: bool) -> Name | None:
    if (is_cut and not rest) or any(w.casefold() in sort_of(CODE, "conjunctions") for w in rest):
        return None
    if len(rest) > 1 and rest[0] == "yourself":
        rest = rest[1:]  # "book myself dentist"
    needs = forms_of(CODE, "needs").get(verb)  # "reply Sophie": replying to Sophie
    if needs and rest and rest[0].casefold() not in sort_of(CODE, "prepositions"):
        rest = (needs, *rest)
    takes_bare = verb in sort_of(CODE, "of_stuff")
    text = " ".join((forms_of(CODE, "verbs")[verb], *_with_articles(rest, takes_bare)))
    return Name(text, is_action=True)


def _with_articles(words: tuple[str, ...], takes_bare: bool = False) -> tuple[str, ...]:
    """The words, with "the" where a title leaves it out."""
    found: list[str] = []
    begins = True
    for at, word in enumerate(words):
        plain = word.casefold()
        if plain in sort_of(CODE, "prepositions"):
            begins, takes_bare = True, False
        elif begins:
            head = words[at : at + _head(words[at:])]
            if _wants_article(head, takes_bare):
                found.append("the")
            begins = False
        is_loose = at > 0 and at + 1 == len(words) and _is_name(word) and words[at - 1][0].islower()
        if not is_loose or words[at - 1].casefold() in sort_of(CODE, "prepositions"):
            found.append(word)
    return tuple(found)


def _head(words: tuple[str, ...]) -> int:
    """How many words there are before the next preposition."""
    found = (
        at for at, word in enumerate(words) if word.casefold() in sort_of(CODE, "prepositions")
    )
    return next(found, len(words))


def _wants_article(head: tuple[str, ...], takes_bare: bool) -> bool:
    first, last = head[0].casefold(), head[-1].casefold()
    if first.endswith(("'s", "’s", "s'", "s’", "ing")):
        return False
    if head[0][0].isupper():
        is_clause = last.endswith("ing")  # "for Lena leaving"
        is_noun = head[-1][0].islower() and head[-1] not in sort_of(CODE, "bare")
        return len(head) > 1 and is_noun and not is_clause
    if takes_bare and _is_plural(last):
        return False
    bare = sort_of(CODE, "bare") | sort_of(CODE, "determiners")
    return first not in bare and not (len(head) == 1 and first.endswith("ly"))


def _is_plural(word: str) -> bool:
    is_exception = word in sort_of(CODE, "singular")
    return word in sort_of(CODE, "plural") or (
        word.endswith("s") and not word.endswith(_NO_PLURAL) and not is_exception
    )


def _thing(words: tuple[str, ...]) -> Name | None:
    """A noun with what belongs to it; a name or a person at its end goes, since none says how."""
    size = _head(words)
    head, tail = words[:size], words[size:]
    if head and head[0].casefold() in forms_of(CODE, "verbs") and not _is_noun(words):
        return None
    lower = tuple(_lowered(word, at) for at, word in enumerate(head))
    kept = lower
    if len(kept) > 2 and kept[0] in sort_of(CODE, "first_heads"):
        kept = kept[:1]
    while kept and (_is_name(kept[-1]) or kept[-1].casefold() in sort_of(CODE, "people")):
        kept = kept[:-1]
    if not kept or kept[0].casefold() in sort_of(CODE, "not_first") | sort_of(CODE, "people"):
        return None
    if kept != lower:
        tail = ()
    if (
        kept[0].endswith("ed")
        or len(kept) > 3
        or (len(kept) == 1 and kept[0] in sort_of(CODE, "bare"))
    ):
        return None
    if any(word in sort_of(CODE, "conjunctions") for word in (*kept, *tail)):
        return None
    is_owned = kept[0].endswith(("'s", "’s")) or kept[0] in sort_of(CODE, "determiners")
    article = () if is_owned else ("the",)
    text = " ".join((*article, *kept, *_with_articles(tail[:4])))
    return Name(text, _is_plural(kept[-1].casefold()))


def _is_name(word: str) -> bool:
    is_proper = word.casefold() in sort_of(CODE, "proper")
    return word[0].isupper() and not word.isupper() and not is_proper


def _lowered(word: str, at: int) -> str:
    """A word of the list's language in lower case; names and short forms as they are typed."""
    is_kept = (word.isupper() and len(word) > 1) or word.casefold() in sort_of(CODE, "proper")
    return word if is_kept or (at > 0 and not _is_common(word)) else _low(word)


def _is_common(word: str) -> bool:
    return word.casefold() in sort_of(CODE, "heads")


def _low(word: str) -> str:
    return word.casefold() if _is_common(word) or word.casefold() in vocabulary(CODE) else word


def declared() -> frozenset[str]:
    """Gerunds, the article, and what short forms stand for."""
    sorts = ("short", "verbs", "needs")
    told = {"the", *(form for sort in sorts for form in forms_of(CODE, sort).values())}
    return frozenset(word for words in told for word in words.split())


GRAMMAR = Grammar(CODE, partial(plain_words, language=CODE), name, declared)
