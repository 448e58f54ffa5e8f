"""The percentile bootstrap: against SciPy's, and as rough as it says."""

import math

import numpy as np
import pytest
from scipy import stats as scipy

from seqlab.stats import bootstrap_interval, paired


def test_it_is_the_percentile_interval():
    values = np.random.default_rng(0).gamma(2.0, size=30)
    ours = bootstrap_interval(values, np.median)
    theirs = scipy.bootstrap((values,), np.median, method="percentile", n_resamples=10_000, rng=1)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.05)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).normal(size=12)
    assert bootstrap_interval(values, np.mean, seed=3) == bootstrap_interval(values, np.mean, seed=3)
    assert bootstrap_interval(values, np.mean, seed=3) != bootstrap_interval(values, np.mean, seed=4)


def test_of_a_handful_it_is_shorter_than_a_t_interval():
    values = np.random.default_rng(0).normal(size=5)
    low, high = bootstrap_interval(values, np.mean)
    wide = paired(values).interval()
    assert wide[0] < low < high < wide[1]


def test_the_edges():
    assert all(math.isnan(end) for end in bootstrap_interval([1.0], np.mean))
    assert bootstrap_interval([2.0, 2.0], np.mean) == (2.0, 2.0)
    with pytest.raises(ValueError, match="confidence"):
        bootstrap_interval([1.0, 2.0], np.mean, 1.5)
    with pytest.raises(ValueError, match="values"):
        bootstrap_interval([], np.mean)
