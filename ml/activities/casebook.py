"""Titles that many people write, each with a first step of its own.

A kind of work has steps that fit all its titles; what fits one title is known only to who has read
it. So the most frequent titles of each kind and language have been read, and their steps serve for
whatever is near them. A kind without cases has its own steps.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).with_name("cases")
_BODY = TypeAdapter(dict[str, dict[str, str]])


_WHO = re.compile(r"\{who\|([^{}|]+)\}")


class Case(NamedTuple):
    """A title, and the step that suits it and its like.

    ``{who|the customer}`` in a step stands for the name in a title, and else for what follows.
    """

    activity: str
    language: str
    title: str
    step: str

    @property
    def plain(self) -> str:
        """The step as it is said of a title that names nobody."""
        text = _WHO.sub(r"\1", self.step)
        return text[:1].upper() + text[1:]

    @property
    def parts(self) -> tuple[str, ...]:
        """What the step says whoever is named: the texts around the name."""
        return tuple(_WHO.split(self.step)[::2])


@cache
def casebook(folder: Path = FOLDER) -> tuple[Case, ...]:
    """Every case: a file per kind of work, in it a mapping of title to step for each language."""
    return tuple(
        Case(path.stem, language, title, step)
        for path in sorted(folder.glob("*.yaml"))
        for language, steps in _BODY.validate_python(read_yaml(path)).items()
        for title, step in steps.items()
    )
