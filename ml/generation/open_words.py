"""The grammar's texts for an instruction-tuned model: any words, and facts as true phrases only."""

from collections.abc import Iterable

from ml.generation.facts import DURATIONS, phrases
from ml.generation.sentences import kinds_rule, literal
from oo.domain.context import PromptContext
from oo.domain.tips import TipKind

_RULES = (
    "word ::= [a-z] [a-z’]{0,13}",
    "head ::= [A-Z] [a-z’]{0,13}",
    'sep ::= " " | ", " | "; " | ": " | " — "',
    'stop ::= ". " | "? "',
    'gap ::= " " | ", " | "; " | ": " | " — " | ". "',
    'end ::= "."',
)


def task_rules(context: PromptContext, t: str, index: int) -> list[str]:
    """The rules of one task's branch; `t` is its reference and the prefix of its rules."""
    true = phrases(context, index)
    stated = (*true.late, *true.due, *true.age, *true.count, *true.share)
    dated = (*true.late, *true.due)
    rules = [
        *_item_rules(t, true.own()),
        f'{t}_q ::= "“{t}”"',
        f"{t}_any ::= {t}_q {t}_more{{1,22}} end | {t}_lead gap {t}_q {t}_more{{0,18}} end",
        f"{t}_lead ::= {t}_head {t}_more{{0,14}}",
    ]
    kinds = [(TipKind.TASK, f"{t}_any"), (TipKind.ADVICE, f"{t}_any")]
    if dated:
        rules.append(f"{t}_dated ::= {_one_of(dated)}")
        rules.append(f"{t}_remind ::= ({t}_lead gap)? {t}_q {_with(t, 'dated')}")
        kinds.append((TipKind.REMINDER, f"{t}_remind"))
    if stated:
        rules.append(f"{t}_stated ::= {_one_of(stated)}")
        rules.append(f"{t}_opening ::= {_one_of(map(_capital, stated))}")
        rules.append(
            f"{t}_insight ::= ({t}_lead gap)? {t}_q {_with(t, 'stated')}"
            f" | ({t}_opening | {t}_lead sep {t}_stated) {t}_more{{0,8}} gap {t}_q"
            f" {t}_more{{0,14}} end"
        )
        kinds.append((TipKind.INSIGHT, f"{t}_insight"))
    rules.append(f"{t} ::= {kinds_rule(kinds)}")
    return rules


def shared_rules(context: PromptContext) -> list[str]:
    """The words, and the rules of a tip that speaks of no task."""
    true = phrases(context, None)
    stated = (*true.count, *true.share)
    spoken = (*stated, *true.now, *DURATIONS)
    return [
        *_RULES,
        f"free_item ::= word | {_one_of(spoken)}",
        f"free_head ::= head | {_one_of(map(_capital, spoken))}",
        "free_more ::= sep free_item | stop free_head",
        f"free_stated ::= {_one_of(stated)}",
        f"free_opening ::= {_one_of(map(_capital, stated))}",
        "free_any ::= free_head free_more{2,22} end",
        "free_insight ::= free_opening free_more{0,14} end"
        f" | free_head {_with('free', 'stated')}",
        f"free ::= {kinds_rule([(TipKind.ADVICE, 'free_any'), (TipKind.INSIGHT, 'free_insight')])}",
    ]


def _item_rules(t: str, own: tuple[str, ...]) -> list[str]:
    """What may stand in a sentence about the task, and what may begin one."""
    items = " | ".join(("free_item", *map(literal, own)))
    heads = " | ".join(("free_head", *(literal(_capital(text)) for text in own)))
    return [
        f"{t}_item ::= {items}",
        f"{t}_head ::= {heads}",
        f"{t}_more ::= sep {t}_item | stop {t}_head",
    ]


def _with(t: str, must: str) -> str:
    """The rest of a text that says a phrase of the rule `must` at least once."""
    return f"{t}_more{{0,10}} sep {t}_{must} {t}_more{{0,14}} end"


def _one_of(texts: Iterable[str]) -> str:
    return " | ".join(literal(text) for text in texts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
