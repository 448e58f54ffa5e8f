"""The middle half, and the chance of scoring higher, against second ways to compute them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy

from seqlab.stats import interquartile_mean, probability_of_improvement

few = st.lists(st.integers(0, 8).map(lambda x: x / 4), min_size=1, max_size=9)


@given(values=st.lists(st.floats(-10, 10), min_size=1, max_size=25))
def test_interquartile_mean_is_scipys_trimmed_mean(values):
    assert interquartile_mean(values) == pytest.approx(scipy.trim_mean(values, 0.25), abs=1e-12)


def test_interquartile_mean_over_the_last_axis():
    values = np.random.default_rng(0).normal(size=(3, 4, 10))
    found = interquartile_mean(values)
    assert np.shape(found) == (3, 4)
    assert found[2, 1] == pytest.approx(interquartile_mean(values[2, 1]))
    assert interquartile_mean([0.0, 5.0, 6.0, 7.0, 1000.0]) == 6.0
    with pytest.raises(ValueError, match="values"):
        interquartile_mean([])


@given(a=few, b=few)
def test_probability_is_the_count_over_all_pairs(a, b):
    wins = [(x > y) + (x == y) / 2 for x in a for y in b]
    value, low, high = probability_of_improvement(a, b)
    assert value == pytest.approx(np.mean(wins))
    assert value == pytest.approx(scipy.mannwhitneyu(a, b, method="asymptotic").statistic / len(wins))
    assert 0 <= low <= value <= high <= 1
    assert high - low > 0.2, "nine runs never make it sure"


@given(a=few, b=few)
def test_the_other_way_round_is_what_is_left_to_one(a, b):
    value, low, high = probability_of_improvement(a, b)
    assert probability_of_improvement(b, a) == pytest.approx((1 - value, 1 - high, 1 - low), abs=1e-7)


@given(a=few, b=few, confidence=st.sampled_from([0.8, 0.95]))
def test_the_interval_holds_what_the_score_test_would_not_reject(a, b, confidence):
    """The same interval by trying a grid of truths."""
    value, low, high = probability_of_improvement(a, b, confidence)
    R, S = len(a), len(b)
    theta = np.linspace(1e-6, 1 - 1e-6, 20001)
    n = (R + S) / 2 - 1
    variance = theta * (1 - theta) / (R * S) * (1 + n * (1 - theta) / (2 - theta) + n * theta / (1 + theta))
    kept = theta[np.abs(value - theta) <= scipy.norm.ppf((1 + confidence) / 2) * np.sqrt(variance)]
    assert (low, high) == pytest.approx((kept.min(), kept.max()), abs=1e-4)


@pytest.mark.parametrize("R", [5, 10])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_it_covers_at_a_handful_of_runs(R, shift):
    rng = np.random.default_rng(0)
    truth = scipy.norm.cdf(shift / np.sqrt(2))
    found = [
        probability_of_improvement(rng.normal(size=R) + shift, rng.normal(size=R))[1:] for _ in range(600)
    ]
    share = np.mean([low <= truth <= high for low, high in found])
    assert 0.92 <= share <= 0.99
