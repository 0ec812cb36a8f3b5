"""Spanish: "renovar DNI" stands, "presupuesto para los García" gets its article."""

from ml.naming.name import Grammar
from ml.naming.romance import Romance

_SPANISH = Romance("es", lambda article, noun: f"{article} {noun}")

GRAMMAR = Grammar("es", _SPANISH.words, _SPANISH.name, _SPANISH.declared)
