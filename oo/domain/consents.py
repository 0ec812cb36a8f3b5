"""What a person can allow. What they said, and when, is in the store (`oo.store.consents`)."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from oo.domain.legal import documents
from oo.domain.signals import all_kinds

POOLING = "pooling"
CLOUD_MODELS = "cloud-models"
NOTIFICATIONS = "notifications"
OFFLINE_COPY = "offline-copy"
_KIND = "signal:"


class Purpose(NamedTuple):
    """Something that a person allows or not.

    `version` grows with what is asked for: who agreed to less is asked again. `on` and `off` say
    how it is, `words` what it means. One that is `implied` holds from the step that implies it
    (signing in, connecting a source) until it is taken back; any other only once it is given. One
    that is not a `switch` ends with the account.
    """

    name: str
    version: int
    title: str
    on: str
    off: str
    words: str
    implied: bool = False
    switch: bool = True


_ASKED_FOR = (
    Purpose(
        POOLING,
        1,
        "pooling",
        "Others learn from you, and you from them.",
        "oO learns from you for you alone.",
        "Only numbers such as how late a task was go into what people have in common. What was"
        " written for you may train the writer of your operator.",
    ),
    Purpose(
        CLOUD_MODELS,
        1,
        "cloud models",
        "Cloud models may write your tips.",
        "Your tips are written without cloud models.",
        "They read the titles and dates of your tasks, where the operator has set one up.",
    ),
    Purpose(
        NOTIFICATIONS,
        2,
        "notifications",
        "A tip may reach you as a notification.",
        "oO sends you nothing.",
        "Only to devices that you have added on their page. Stop, and all of them are forgotten.",
    ),
    Purpose(
        OFFLINE_COPY,
        2,
        "an offline copy",
        "Your browser may keep the last tip.",
        "Your browser keeps no tip.",
        "On devices where you have also switched it on, so that it is there without a network.",
    ),
)


def of_kind(kind: str) -> str:
    """The name of the purpose of keeping signals of that kind."""
    return f"{_KIND}{kind}"


def kind_of_purpose(name: str) -> str | None:
    """The signal kind that the purpose is about, if it is about one."""
    return name.removeprefix(_KIND) if name.startswith(_KIND) else None


@cache
def purposes() -> Mapping[str, Purpose]:
    """All purposes by name, in the order in which they are shown."""
    kinds = (
        Purpose(
            of_kind(kind.name),
            1,
            kind.plural,
            f"oO may keep {kind.plural}.",
            f"oO keeps no {kind.plural}.",
            f"What your sources tell of {kind.plural}. Stop, and those that are kept are erased.",
            implied=True,
        )
        for kind in all_kinds().values()
    )
    legal = (
        Purpose(
            one.name,
            one.version,
            one.title,
            f"You agreed to version {one.version}.",
            f"Version {one.version} is new.",
            f"It is at /legal/{one.name}.",
            implied=True,
            switch=False,
        )
        for one in documents().values()
    )
    return MappingProxyType({one.name: one for one in (*_ASKED_FOR, *kinds, *legal)})
