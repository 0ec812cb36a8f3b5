"""Grounded decoding: a grammar made for one request, in which a false fact cannot be said.

The answer is ``{"tips":[{"task_id":…,"kind":…,"content":…,"confidence":…},…]}``: the choice of a
task comes before the text about it. Each task has a branch of its own. Between quotation marks
there can only be the branch's own reference (``“t1”``), which the gate replaces by the title;
numbers and days come only inside phrases that are true of this task, this list and this moment.
With the closed vocabulary the texts are sentences of the phrase bank; with the open one, any words.
The form is xgrammar's EBNF, as vLLM takes it.
"""

from collections.abc import Collection, Iterable

from ml.generation import open_words
from ml.generation.drafts import reference
from ml.generation.sentences import SentenceRules
from ml.prompts.prompt import Vocabulary
from oo.domain.context import PromptContext


def grammar(
    context: PromptContext,
    n: int,
    words: Vocabulary = Vocabulary.CLOSED,
    without: Collection[str] = (),
) -> str:
    """The EBNF of an answer with exactly `n` tips about `context`.

    Tasks whose references are in `without` cannot be spoken of, unless no other is left.
    """
    names = {reference(index): index for index in range(len(context.tasks))}
    left = {name: index for name, index in names.items() if name not in without} or names
    branches = [f'"\\"{name}\\"" {name}' for name in left] + ['"null" free']
    rules = _closed(context, left) if words is Vocabulary.CLOSED else _open(context, left)
    confidence = r'",\"confidence\":0." [3-9] "}"'
    tip = f'tip ::= "{{\\"task_id\\":" ({" | ".join(branches)}) {confidence}'
    rest = f' ("," tip){{{n - 1}}}' if n > 1 else ""
    return "\n".join((*rules, tip, f'root ::= "{{\\"tips\\":[" tip{rest} "]}}"'))


def _closed(context: PromptContext, left: dict[str, int]) -> Iterable[str]:
    rules = SentenceRules(context)
    for name, index in left.items():
        rules.task(name, index)
    rules.no_task()
    return rules.lines()


def _open(context: PromptContext, left: dict[str, int]) -> Iterable[str]:
    yield from open_words.shared_rules(context)
    for name, index in left.items():
        yield from open_words.task_rules(context, name, index)
