"""Synthetic situations: task titles with their class, and the contexts that hold them."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import cast

from ml.generation.language import bank
from oo.domain.context import MAX_TASKS, MAX_TITLE, DayPart, PromptContext, TaskFacts
from oo.kit.yaml_files import read_yaml

HERE = Path(__file__).parent


_SCRIPTS = (
    "etaoinshrdlucmfwypvbgkjqxz",
    "eiaonrtlscdupmäöüßéèàçñøåœłščž",
    "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "अआइईउऊएऐओकखगघचजटडतदनपबमयरलवसह",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "一人日本語学校会社電話買物予約請求書家族仕事計画掃除メールカード",
    "가나다라마바사아자차카타파하회의전화예약",
    "0123456789-/.:#@&+='\"",
)


class Split(StrEnum):
    """Which parts of titles may be used: most for training, the rest for held-out contexts."""

    TRAIN = "train"
    HELD_OUT = "held-out"


@dataclass(frozen=True, slots=True)
class Title:
    """A task title and the class of work that its verb names."""

    text: str
    work: str


@dataclass(frozen=True, slots=True)
class Situation:
    """A context, and for each of its tasks the class of work."""

    context: PromptContext
    works: tuple[str, ...]


@cache
def _titles() -> dict[str, object]:
    return cast(dict[str, object], read_yaml(HERE / "titles.yaml"))


@cache
def _parts(name: str, split: Split) -> tuple[str, ...]:
    """The usable entries of a list: the last fifth is held out."""
    things = cast(dict[str, list[object]], _titles()["things"])
    entries = [str(entry) for entry in (things.get(name) or cast(list[object], _titles()[name]))]
    kept = len(entries) * 4 // 5
    return tuple(entries[:kept] if split is Split.TRAIN else entries[kept:])


def title(random: Random, split: Split) -> Title:
    """One synthetic title; one in twelve is made of invented words, in any script."""
    if random.random() < 1 / 12:
        return Title(_invented(random)[:MAX_TITLE].strip(), "other")
    work = random.choice(list(bank().classes))
    text = _with_verb(random, split, work)
    if work != "other" and random.random() < 0.06:
        work, text = "other", random.choice(_parts(work, split))  # the object alone
    text += str(random.choice(cast(list[str], _titles()["tails"])))
    style = random.random()
    if style < 0.1:
        text = text.lower()
    elif style < 0.12:
        text = text.upper()
    elif style < 0.5:
        text = text[:1].upper() + text[1:]
    return Title(text[:MAX_TITLE].strip(), work)


def _with_verb(random: Random, split: Split, work: str) -> str:
    thing = random.choice(_parts(work, split))
    if work == "other":
        return thing
    verb = random.choice(bank().classes[work].verbs)
    who = random.choice(_parts(random.choice(("names", "roles")), split))
    if work == "call":
        return f"{verb} {who}" if random.random() < 0.5 else f"{verb} {who} {thing}"
    if work == "email":
        return f"{verb} {who}" if random.random() < 0.4 else f"{verb} {who} {thing}"
    if random.random() < 0.12:
        return f"{verb} {thing} for {who}"
    return f"{verb} {thing}"


def _invented(random: Random) -> str:
    alphabet = random.choice(_SCRIPTS)
    lengths = [random.randint(1, 9) for _ in range(random.randint(1, 5))]
    words = ("".join(random.choices(alphabet, k=length)) for length in lengths)
    return " ".join(words).capitalize() + random.choice(
        ("", "", "", "!", "?", "...", " (2)", " 🎉")
    )


def situation(random: Random, split: Split) -> Situation:
    """One synthetic situation with its tasks ranked."""
    size = _open_count(random)
    made = [(title(random, split), facts) for facts in _distinct(random, size)]
    tasks = [
        (TaskFacts(f"synthetic:{n}", made_title.text, *facts), made_title.work)
        for n, (made_title, facts) in enumerate(made)
    ]
    tasks.sort(key=lambda entry: -urgency(entry[0]) - random.random())
    shown = tasks[:MAX_TASKS]
    context = PromptContext(
        daypart=random.choices(list(DayPart), (1, 3, 3, 2))[0],
        weekday=random.randrange(7),
        open_count=size,
        overdue_count=sum((task.days_late or 0) > 0 for task, _ in tasks),
        tasks=tuple(task for task, _ in shown),
    )
    return Situation(context, tuple(work for _, work in shown))


def urgency(task: TaskFacts) -> float:
    """How pressing a task is: late above due, then by priority and age."""
    late = task.days_late
    day = 0.0 if late is None else 20 + min(late, 30) / 3 if late > 0 else max(0, 20 + 3 * late)
    return day + 3 * task.priority + min(task.age_days or 0, 60) / 20


def _open_count(random: Random) -> int:
    if random.random() < 0.04:
        return 0
    return random.randint(1, 8) if random.random() < 0.6 else 8 + int(random.expovariate(1 / 25))


def _distinct(random: Random, size: int) -> list[tuple[int, int | None, int | None, str | None]]:
    late_share = random.random() * 0.7
    return [_facts(random, late_share) for _ in range(size)]


def _facts(random: Random, late_share: float) -> tuple[int, int | None, int | None, str | None]:
    late: int | None = None
    if random.random() < late_share:
        late = 1 + int(random.expovariate(1 / 9))
    elif random.random() < 0.55:
        late = 0 if random.random() < 0.25 else -1 - int(random.expovariate(1 / 5))
    if late is not None and random.random() < 0.03:
        late *= random.randint(2, 20)
    age = None if random.random() < 0.12 else int(random.expovariate(1 / 20))
    if age is not None and random.random() < 0.03:
        age *= random.randint(2, 20)
    if age is not None and late is not None and random.random() < 0.95:
        age = max(age, late)
    priority = random.choices((1, 2, 3, 4), (6, 1, 2, 1))[0]
    labels = cast(list[str], _titles()["labels"])
    return priority, late, age, random.choice(labels) if random.random() < 0.45 else None
