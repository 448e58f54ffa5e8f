"""Intervals of proportions against scipy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from seqlab.stats import clopper_pearson, wilson


@given(data=st.data(), n=st.integers(1, 5000), confidence=st.floats(0.5, 0.999))
def test_wilson_equals_scipy(data, n, confidence):
    correct = data.draw(st.integers(0, n))
    expected = binomtest(correct, n).proportion_ci(confidence, method="wilson")
    assert wilson(correct, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(data=st.data(), n=st.integers(1, 500), confidence=st.floats(0.5, 0.999))
def test_clopper_pearson_equals_scipy(data, n, confidence):
    correct = data.draw(st.integers(0, n))
    expected = binomtest(correct, n).proportion_ci(confidence, method="exact")
    assert clopper_pearson(correct, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_ends_exactly_at_the_borders():
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@pytest.mark.parametrize(("correct", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_impossible_counts_are_refused(interval, correct, n):
    with pytest.raises(ValueError, match="correct"):
        interval(correct, n)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_impossible_confidence_is_refused(interval):
    with pytest.raises(ValueError, match="confidence"):
        interval(1, 2, 1.0)
