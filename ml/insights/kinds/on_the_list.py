"""It is on the list: what can always be said, where nothing better can."""

from collections.abc import Iterator

from ml.insights.insight import Finder, Insight, Scene


def find(scene: Scene) -> Iterator[Insight]:
    """Every task; its step says the rest."""
    for work in scene.works:
        yield Insight("on_the_list", work, 1, ())


INSIGHT = Finder("on_the_list", ("on_the_list",), find)
