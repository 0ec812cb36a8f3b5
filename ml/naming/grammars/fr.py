"""French: "appeler la CAF" stands, "devis pour Mme Lefèvre" gets its article, elided or not."""

from ml.activities.cues import plain
from ml.naming.name import Grammar, sort_of
from ml.naming.romance import Romance


def _joined(article: str, noun: str) -> str:
    begins = plain(noun)[:1] in "aeiouyh" and noun not in sort_of("fr", "aspirated")
    return f"l'{noun}" if begins and article in ("le", "la") else f"{article} {noun}"


_FRENCH = Romance("fr", _joined)

GRAMMAR = Grammar("fr", _FRENCH.words, _FRENCH.name, _FRENCH.declared)
