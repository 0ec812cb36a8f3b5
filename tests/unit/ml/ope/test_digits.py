"""On real data, the doubly robust estimate is nearer to the truth than reweighting alone."""

from tests.bench.ope_digits import errors


def test_a_reward_model_halves_the_error_of_reweighting() -> None:
    found = errors(range(5), 0.4, 0.9, "logistic-per-action")
    assert found["dr"].mean() < 0.0159
    assert found["dr"].mean() < found["ips"].mean() / 2
