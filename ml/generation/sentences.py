"""The sentences of the phrase bank as grammar rules, with the facts of one request in them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from ml.generation.facts import OWN_SLOTS, phrases, slots
from ml.generation.language import bank, next_steps, work_of
from oo.domain.context import DayPart, PromptContext
from oo.domain.tips import TipKind

_PART = re.compile(r"\[|\]|\||\{\w+\}|[^\[\]|{}]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that phrases fill; `capital` where it begins a sentence."""

    name: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several texts."""

    options: tuple["Sentence", ...]


Sentence = tuple[str | Slot | Choice, ...]
"""A frame of the phrase bank, taken apart."""


@cache
def take_apart(text: str) -> Sentence:
    """The parts of a frame such as ``[Give|Lend] {q} {dur}.``"""
    sentence = _sequence(iter(_PART.findall(text)))
    return sentence[0]


def _sequence(parts: Iterator[str]) -> tuple[Sentence, str]:
    """The parts up to the end of the choice that they stand in, and what ended them."""
    found: list[str | Slot | Choice] = []
    for part in parts:
        if part in ("|", "]"):
            return tuple(found), part
        if part == "[":
            options, end = [], "|"
            while end == "|":
                option, end = _sequence(parts)
                options.append(option)
            found.append(Choice(tuple(options)))
        elif part.startswith("{"):
            found.append(Slot(part[1:-1].lower(), part[1].isupper()))
        else:
            found.append(part)
    return tuple(found), ""


@dataclass(slots=True)
class RuleBook:
    """Grammar rules under construction; equal texts become one rule, which compiles faster."""

    rules: dict[str, str] = field(default_factory=dict)
    slots: dict[tuple[tuple[str, ...], bool], str] = field(default_factory=dict)

    def name(self, expression: str) -> str:
        """The name of the rule for `expression`."""
        return self.rules.setdefault(expression, f"s{len(self.rules)}")

    def lines(self) -> list[str]:
        """All rules, as EBNF."""
        return [f"{name} ::= {expression}" for expression, name in self.rules.items()]

    def sentence(
        self, sentence: Sentence, own: Mapping[str, str], shared: Mapping[str, tuple[str, ...]]
    ) -> str | None:
        """The expression of a sentence, or None if one of its facts cannot be stated.

        `own` maps the slots of the branch to their rules, `shared` the others to their phrases.
        """
        runs: list[list[str]] = [[]]
        for part in sentence:
            expression, is_own = self._part(part, own, shared)
            if expression is None:
                return None
            if is_own:
                runs.extend(([expression], []))
            else:
                runs[-1].append(expression)
        texts = [
            run[0] if number % 2 else self.name(" ".join(run))
            for number, run in enumerate(runs)
            if run
        ]
        return " ".join(texts)

    def _part(
        self,
        part: str | Slot | Choice,
        own: Mapping[str, str],
        shared: Mapping[str, tuple[str, ...]],
    ) -> tuple[str | None, bool]:
        if isinstance(part, str):
            return literal(part), False
        if isinstance(part, Slot):
            if part.name in own:
                return own[part.name], True
            return self._phrases(shared.get(part.name, ()), part.capital), False
        options = [self.sentence(option, own, shared) for option in part.options]
        told = [option for option in options if option is not None]
        is_own = any(rule in option for option in told for rule in own.values())
        texts = " | ".join(option or literal("") for option in told)
        return (f"({texts})" if told else None), is_own

    def _phrases(self, phrases: tuple[str, ...], capital: bool) -> str | None:
        if not phrases:
            return None
        if (phrases, capital) not in self.slots:
            texts = (self.name(" | ".join(_spoken(text, capital))) for text in phrases)
            self.slots[phrases, capital] = self.name(" | ".join(texts))
        return self.slots[phrases, capital]


def _spoken(text: str, capital: bool) -> Iterator[str]:
    """The literals that a phrase with choices stands for."""
    choice = re.search(r"\[([^\[\]]*)\]", text)
    if choice is None:
        yield literal(text[:1].upper() + text[1:] if capital else text)
        return
    for option in choice[1].split("|"):
        yield from _spoken(text[: choice.start()] + option + text[choice.end() :], capital)


class SentenceRules:
    """The rules of all branches of one request."""

    def __init__(self, context: PromptContext) -> None:
        self._context = context
        self._night = context.daypart is DayPart.NIGHT
        self._book = RuleBook()
        self._rules: list[str] = []
        self._shared = {**slots(phrases(context, None), context), **bank().slots}

    def task(self, name: str, index: int) -> None:
        """The branch `name` of the task at `index`."""
        known = slots(phrases(self._context, index), self._context)
        own = {"q": f"{name}_q"}
        self._rules.append(f"{name}_q ::= {literal(f'“{name}”')}")
        for slot in OWN_SLOTS:
            if known[slot]:
                own[slot] = f"{name}_{slot}"
                texts = (self._book.name(literal(text)) for text in known[slot])
                self._rules.append(f"{own[slot]} ::= {' | '.join(texts)}")
        frames = {kind: kind.value for kind in (TipKind.TASK, TipKind.REMINDER)}
        frames |= {kind: f"{kind.value}_task" for kind in (TipKind.ADVICE, TipKind.INSIGHT)}
        work = work_of(self._context.tasks[index].title)
        steps = next_steps(work, night=self._night)
        self._branch(name, frames, own, {**self._shared, "nudge": steps})

    def no_task(self) -> None:
        """The branch ``free`` of tips that speak of no task."""
        frames = {kind: kind.value for kind in (TipKind.ADVICE, TipKind.INSIGHT)}
        self._branch("free", frames, {}, self._shared)

    def lines(self) -> Iterable[str]:
        """All rules, as EBNF."""
        return (*self._book.lines(), *self._rules)

    def _branch(
        self,
        name: str,
        frames: dict[TipKind, str],
        own: Mapping[str, str],
        shared: Mapping[str, tuple[str, ...]],
    ) -> None:
        kinds = []
        for kind, group in frames.items():
            texts = bank().frames[group].at(night=self._night)
            found = (self._book.sentence(take_apart(text), own, shared) for text in texts)
            if told := [expression for expression in found if expression is not None]:
                self._rules.append(f"{name}_{kind.value} ::= {' | '.join(told)}")
                kinds.append((kind, f"{name}_{kind.value}"))
        self._rules.append(f"{name} ::= {kinds_rule(kinds)}")


def kinds_rule(kinds: Iterable[tuple[TipKind, str]]) -> str:
    """The expression of a tip's kind and content, each kind with the rule of its texts."""
    texts = (rf'"{kind.value}\",\"content\":\"" {rule}' for kind, rule in kinds)
    return rf'",\"kind\":\"" ({" | ".join(texts)}) "\""'


def literal(text: str) -> str:
    """A quoted terminal. Texts come from the phrase bank and the facts, never from a person."""
    if not _SAFE.fullmatch(text):
        raise ValueError(f"not a plain text: {text!r}")
    return f'"{text}"'


_SAFE = re.compile(r"[A-Za-z0-9 ,;:.!?—’“”-]*")
