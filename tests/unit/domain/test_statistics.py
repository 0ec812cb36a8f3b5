"""Sufficient statistics: additive, exactly encoded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo.domain.policies import generator, sample
from oo.domain.statistics import Statistics, day_weight

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
reactions = st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), numbers), max_size=20)


def fold(seen: list[tuple[list[float], float]]) -> Statistics:
    statistics = Statistics.empty(3)
    for x, reward in seen:
        statistics = statistics.add(np.array(x), reward)
    return statistics


@given(reactions)
def test_encoding_is_exact(seen: list[tuple[list[float], float]]) -> None:
    encoded = fold(seen).encode()
    assert Statistics.decode(encoded).encode() == encoded
    assert Statistics.decode(encoded).n == len(seen)


@given(reactions)
def test_the_order_of_reactions_does_not_matter_beyond_rounding(
    seen: list[tuple[list[float], float]],
) -> None:
    forward, backward = fold(seen), fold(seen[::-1])
    scale = max(1.0, *(abs(v) for x, r in seen for v in (*x, r))) ** 2 if seen else 1.0
    np.testing.assert_allclose(forward.A, backward.A, atol=1e-9 * scale)
    np.testing.assert_allclose(forward.b, backward.b, atol=1e-9 * scale)


@pytest.mark.parametrize("data", [b"", b"short", b"\x03" + bytes(30)])
def test_bytes_that_are_no_statistics_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="statistics"):
        Statistics.decode(data)


def test_sampling_follows_the_propensities() -> None:
    propensities = np.array([0.1, 0.0, 0.6, 0.3])
    draws = [sample(propensities, generator(seed)) for seed in range(4000)]
    frequencies = np.bincount(draws, minlength=4) / len(draws)
    np.testing.assert_allclose(frequencies, propensities, atol=0.03)
    assert frequencies[1] == 0


@pytest.mark.parametrize("decay", [0.94, 0.98, 0.999])
def test_days_far_away_stay_within_a_floats_range(decay: float) -> None:
    days = [-4_000_000, -40_000, -1, 0, 1, 330, 40_000, 4_000_000]
    weights = [day_weight(decay, day) for day in days]
    assert all(0.0 < weight < 1e300 for weight in weights)
    assert weights == sorted(weights)
    assert weights[2:6] == [decay**-day for day in days[2:6]]  # what is stored stays what it was
