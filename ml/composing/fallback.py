"""Tips without any model: composed lines as they are; what serves when nothing else can (E5)."""

from collections.abc import Sequence
from functools import cache
from random import Random

from ml.activities.activity import activities
from ml.activities.recogniser import Recogniser
from ml.composing.arranging import as_written
from ml.composing.choosing import choose
from ml.composing.composer import Composer
from ml.generation.drafts import TipDraft
from ml.generation.validation import duplicates
from ml.languages.detection import language_of
from oo.domain.context import PromptContext


@cache
def quick_composer() -> Composer:
    """One that knows kinds of work by words alone: at hand at once, in any process."""
    return Composer(Recogniser(activities(), None))


def warm() -> None:
    """Load everything that the first fallback needs; takes a second or two."""
    quick_composer()
    language_of(["Call the bank"], lambda _: ())


def fallback(
    context: PromptContext, n: int, random: Random, beside: Sequence[TipDraft] = ()
) -> list[TipDraft]:
    """`n` tips that repeat none of those in `beside`; fewer only when there is no more to say."""
    lines = quick_composer().lines(context, random)
    drafts = [as_written(context, line) for line in choose(lines, n + 2 * len(beside))]
    return [draft for draft in drafts if not duplicates(draft, beside)][:n]
