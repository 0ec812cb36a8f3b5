"""What a title says by its form alone, whatever the work is: a count, pages, a question mark.

One file per hint in ``hints/``: patterns, and steps by language. A kind of work has steps for all
its titles; a hint has one for what this title shows.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import Field

from ml.activities.activity import Frozen, Texts
from oo.kit.yaml_files import read_yaml

FOLDER = Path(__file__).with_name("hints")


class Hint(Frozen):
    """`everywhere` are patterns of all languages, `patterns` and `steps` go by language.

    `not_for` are kinds of work for which it shows something else: to order twenty is one order.
    """

    name: str
    not_for: frozenset[str] = frozenset()
    everywhere: tuple[str, ...] = ()
    patterns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    steps: dict[str, Texts]

    def suits(self, title: str, language: str) -> bool:
        """Whether the title shows it."""
        patterns = (*self.everywhere, *self.patterns.get(language, ()))
        return any(_compiled(pattern).search(title) for pattern in patterns)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def hints(folder: Path = FOLDER) -> dict[str, Hint]:
    """Every hint by its name, which is that of its file."""
    return {
        path.stem: Hint.model_validate({**read_yaml(path), "name": path.stem})
        for path in sorted(folder.glob("*.yaml"))
    }


def hinted(title: str, language: str, kind: str | None = None) -> Iterator[str]:
    """The steps for what the title of a task of that kind of work shows."""
    for hint in hints().values():
        if kind not in hint.not_for and hint.suits(title, language):
            yield from hint.steps.get(language, ())
