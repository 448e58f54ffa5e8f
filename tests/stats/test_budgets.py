"""The expected best against all subsets, and the best so far against a loop."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.stats import best_so_far, expected_best


@given(
    values=st.lists(st.integers(-50, 50).map(lambda x: x / 10), min_size=1, max_size=8), higher=st.booleans()
)
def test_expected_best_is_the_mean_over_all_subsets(values, higher):
    best = max if higher else min
    budgets = range(1, len(values) + 1)
    expected = [np.mean([best(chosen) for chosen in itertools.combinations(values, k)]) for k in budgets]
    assert expected_best(values, budgets, higher_is_better=higher) == pytest.approx(expected, abs=1e-12)


def test_expected_best_has_no_bias():
    """The best of 10 out of 50 uniform numbers is 10/11 on average; drawing with replacement finds less."""
    rng = np.random.default_rng(0)
    searches = rng.random((2000, 50))
    found = [expected_best(search, [10])[0] for search in searches]
    assert np.mean(found) == pytest.approx(10 / 11, abs=4 * np.std(found) / math.sqrt(2000))
    shares = np.arange(51) / 50
    with_replacement = np.sort(searches, axis=1) @ np.diff(shares**10)
    assert np.mean(with_replacement) < 10 / 11 - 0.004


def test_expected_best_of_many_trials_neither_overflows_nor_is_slow():
    values = np.random.default_rng(0).permutation(5000).astype(float)
    found = expected_best(values, [1, 2, 50, 4999, 5000])
    assert found[[0, 3, 4]] == pytest.approx([2499.5, 4999 - 1 / 5000, 4999])
    assert found[1] == pytest.approx(5001 * 2 / 3 - 1)  # of k out of 1..n: k (n + 1) / (k + 1)
    assert found[2] == pytest.approx(5001 * 50 / 51 - 1)


def test_expected_best_beyond_the_trials_is_not_known():
    assert np.isnan(expected_best([1.0, 2.0], [2, 3])).tolist() == [False, True]
    assert expected_best([1.0], []).tolist() == []


def test_a_diverged_trial_is_the_worst():
    assert expected_best([-math.inf, 1.0, 2.0], [1, 2, 3]).tolist() == [-math.inf, pytest.approx(5 / 3), 2.0]
    assert expected_best([math.inf, 1.0], [2], higher_is_better=False).tolist() == [1.0]


def test_expected_best_refuses_no_trials():
    with pytest.raises(ValueError, match="budgets: 0; allowed: at least 1"):
        expected_best([1.0], [0])
    with pytest.raises(ValueError, match="values"):
        expected_best([], [1])


@given(
    values=st.lists(st.one_of(st.floats(-5, 5), st.just(math.nan)), min_size=1, max_size=20),
    higher=st.booleans(),
)
def test_best_so_far_never_gets_worse(values, higher):
    best = max if higher else min
    expected = []
    for end in range(1, len(values) + 1):
        there = [value for value in values[:end] if not math.isnan(value)]
        expected.append(best(there) if there else math.nan)
    found = best_so_far(values, higher_is_better=higher)
    assert found == pytest.approx(expected, nan_ok=True)
    assert best_so_far([values, values], higher_is_better=higher)[1] == pytest.approx(expected, nan_ok=True)
