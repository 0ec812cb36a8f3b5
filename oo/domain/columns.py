"""Numbers about the candidates of one request, by name: what they share is kept once."""

from collections.abc import Iterable, Iterator, Mapping


class Columns(Mapping[str, list[float]]):
    """`count` values per name: `own` has a list of as many, `shared` the one that all have.

    Most features are of the person or the hour, so most columns are one number.
    """

    __slots__ = ("count", "own", "shared")

    def __init__(
        self, count: int, shared: Mapping[str, float], own: Mapping[str, list[float]]
    ) -> None:
        self.count = count
        self.shared = shared
        self.own = own

    def __getitem__(self, name: str) -> list[float]:
        own = self.own.get(name)
        return [self.shared[name]] * self.count if own is None else own

    def __iter__(self) -> Iterator[str]:
        yield from self.shared
        yield from self.own

    def __len__(self) -> int:
        return len(self.shared) + len(self.own)

    def __repr__(self) -> str:
        return f"Columns({self.count}, {dict(self.shared)}, {dict(self.own)})"


def matrix_of(columns: Mapping[str, list[float]], names: Iterable[str]) -> list[list[float]]:
    """The columns with these names, in that order, of whichever kind of mapping."""
    if isinstance(columns, Columns):  # without a call for each name: every decision comes by here
        own, shared, count = columns.own, columns.shared, columns.count
        return [own[name] if name in own else [shared[name]] * count for name in names]
    return [columns[name] for name in names]


def count_of(columns: Mapping[str, list[float]]) -> int:
    """How many candidates the columns are about; 0 where there is no column."""
    if isinstance(columns, Columns):
        return columns.count
    return len(next(iter(columns.values()), ()))
