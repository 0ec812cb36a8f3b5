"""Who the simulated people of a demonstration are: their lists, hours and tastes.

Nothing here is about anybody. The numbers are drawn from a seed, so a demonstration is the same on
every machine.
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from oo.domain.rewards import Action

TITLES = (
    "Call the dentist",
    "Pay the electricity bill",
    "Water the plants",
    "Write to Maria",
    "Book the train to Lyon",
    "Clean the kitchen",
    "Finish the slides for Monday",
    "Renew the passport",
    "Buy a present for Tom",
    "Read the contract",
    "Fix the bike's brakes",
    "Plan the week",
    "Back up the laptop",
    "Go for a run",
    "Reply to the landlord",
    "Take the bins out",
    "Prepare the interview",
    "Return the library books",
    "Order printer ink",
    "Sort the photos",
    "Submit the expenses",
    "Practise the piano",
    "Repair the garden gate",
    "Cook soup for two days",
    "Update the budget",
    "Sign the school form",
    "Tidy the desk",
    "Review the pull request",
    "Schedule the car service",
    "Learn ten Spanish words",
    "Send the invoice to Bosch",
    "Cancel the gym",
    "Make an eye appointment",
    "Wash the windows",
    "Draft the newsletter",
    "Visit grandma",
    "Change the bed sheets",
    "Study chapter four",
    "Apply for the grant",
    "Thank the neighbours",
)
ZONES = (
    "Europe/Zurich",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Madrid",
)
NAMES = (
    "ada",
    "ben",
    "cleo",
    "dora",
    "emil",
    "fay",
    "gus",
    "hana",
    "ida",
    "jon",
    "kira",
    "leo",
    "mia",
    "noah",
    "ona",
    "pia",
    "quin",
    "rosa",
    "sam",
    "tea",
    "uma",
    "vera",
    "wim",
    "xan",
    "yara",
    "zoe",
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """How somebody uses oO. `joins` counts days from the first; `presence` is the chance per day.

    `tastes` move the odds of *done* by kind, `late` by how much lateness does, `hour` is when they
    get things done.
    """

    number: int
    email: str
    zone: str
    joins: int
    connects: bool
    presence: float
    hour: int
    tastes: dict[str, float]
    late: float
    haste: float


class Answer(NamedTuple):
    """What somebody does with a tip; no action is none at all."""

    action: Action | None
    dwell_ms: int


def draw_people(count: int, days: int, random: Random) -> list[DemoPerson]:
    """People who are alike in nothing but that they have a list."""
    found = []
    for number in range(count):
        name = NAMES[number % len(NAMES)]
        tastes = {
            "task": random.gauss(0.5, 0.5),
            "advice": random.gauss(-0.1, 0.6),
            "insight": random.gauss(-0.2, 0.6),
            "reminder": random.gauss(0.1, 0.5),
        }
        found.append(
            DemoPerson(
                number=number,
                email=f"{name}.{number + 1:03d}@example.org",
                zone=random.choices(ZONES, (6, 6, 4, 4, 2, 2, 1, 3))[0],
                joins=0 if number < count * 0.55 else random.randrange(days),
                connects=random.random() < 0.92,
                presence=min(max(random.betavariate(2.2, 2.0), 0.05), 0.97),
                hour=random.choice((8, 9, 12, 17, 18, 20)),
                tastes=tastes,
                late=random.gauss(0.35, 0.3),
                haste=random.gauss(0.0, 0.4),
            )
        )
    return found


def list_of(person: DemoPerson, random: Random) -> str:
    """Their list as todo.txt, with due dates that are said by the caller."""
    titles = random.sample(TITLES, 14 + person.number % 12)
    return "\n".join(titles)


def answer(
    person: DemoPerson, kind: str, hour: int, days_late: int, *, says_why: bool, random: Random
) -> Answer:
    """What the person does: the better it suits their taste and hour, the likelier it is done."""
    appeal = person.tastes.get(kind, 0.0) + person.late * min(max(days_late, -2), 4) / 2
    appeal += 0.7 - min(abs(hour - person.hour), 24 - abs(hour - person.hour)) * 0.16
    appeal += 0.35 if says_why else 0.0
    weights = (
        2.718 ** (1.1 * appeal),
        0.8,
        2.718 ** (-1.2 * appeal - 0.4),
        0.35,
    )
    action = random.choices((Action.DONE, Action.SNOOZE, Action.DISMISS, None), weights)[0]
    dwell = random.lognormvariate(3.6 + 0.35 * appeal + person.haste, 0.9)
    return Answer(action, round(1000 * min(dwell, 1800.0)))
