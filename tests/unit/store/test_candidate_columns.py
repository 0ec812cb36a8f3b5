"""Numbers per candidate in a decision's row: what all share is stored once, and reads the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from oo.domain.columns import Columns, count_of
from oo.store.schema import CandidateColumns

COLUMNS = CandidateColumns()
DIALECT = sqlite.dialect()

columns = st.integers(1, 5).flatmap(
    lambda count: st.dictionaries(
        st.sampled_from("abcdef"),
        st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=count, max_size=count),
        max_size=6,
    )
)


def read(stored: dict[str, Any] | None) -> dict[str, list[float]] | None:
    return COLUMNS.process_result_value(stored, DIALECT)


@given(columns)
def test_what_is_stored_reads_as_it_was(value: dict[str, list[float]]) -> None:
    assert read(COLUMNS.process_bind_param(value, DIALECT)) == value


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"hour": [0.5, 0.5], "age": [0.0, 1.0]}, {"hour": 0.5, "age": [0.0, 1.0]}),
        ({"hour": [0.5, 0.5], "day": [1.0, 1.0]}, {"hour": [0.5, 0.5], "day": 1.0}),
        ({"hour": [0.5]}, {"hour": [0.5]}),
        ({}, {}),
        (None, None),
    ],
)
def test_what_all_candidates_share_is_stored_once(
    value: dict[str, list[float]] | None, stored: dict[str, Any] | None
) -> None:
    assert COLUMNS.process_bind_param(value, DIALECT) == stored


@given(columns, st.sets(st.sampled_from("abcdef")))
def test_columns_that_know_what_is_shared_are_stored_as_whole_ones(
    value: dict[str, list[float]], chosen: set[str]
) -> None:
    """And where all are shared, one still tells how many candidates there were."""
    count = len(next(iter(value.values()), ()))
    shared = {name: value[name][0] for name in chosen & set(value)}
    own = {name: column for name, column in value.items() if name not in shared}
    known = Columns(count, shared, own)
    whole = dict(known)
    assert read(COLUMNS.process_bind_param(known, DIALECT)) == whole == known
    assert count_of(known) == count_of(whole)


def test_rows_of_before_read_as_they_are() -> None:
    whole = {"hour": [0.5, 0.5], "day": [1.0, 1.0]}
    assert read(whole) == whole
