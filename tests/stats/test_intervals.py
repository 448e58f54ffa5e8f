"""Means with Student's t against SciPy, and what the edges do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy

from seqlab.stats import Mean, paired

numbers = st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=2, max_size=30)


@given(a=numbers, seed=st.integers(0, 99), confidence=st.floats(0.5, 0.999))
def test_paired_is_the_paired_t_test(a, seed, confidence):
    b = np.random.default_rng(seed).normal(size=len(a))
    expected = scipy.ttest_rel(a, b)
    mean = paired(np.array(a) - b)
    assert mean.p() == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)
    low, high = expected.confidence_interval(confidence)
    assert mean.interval(confidence) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    assert mean.df == len(a) - 1


@given(value=st.floats(-3, 3), se=st.floats(0.01, 2), df=st.floats(1, 1e6), confidence=st.floats(0.5, 0.999))
def test_p_and_interval_agree(value, se, df, confidence):
    mean = Mean(value=value, se=se, df=df)
    low, high = mean.interval(confidence)
    assert mean.p(low) == pytest.approx(1 - confidence, rel=1e-6)
    assert mean.p(high) == pytest.approx(1 - confidence, rel=1e-6)
    assert mean.p(value) == 1


def test_student_1908():
    """Additional hours of sleep, ten patients, two drugs: Student's own example (1.58 hours, t = 4.06)."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    mean = paired(np.subtract(second, first))
    assert mean.value == pytest.approx(1.58)
    assert mean.value / mean.se == pytest.approx(4.0621, abs=1e-4)
    assert mean.p() == pytest.approx(0.002833, abs=1e-6)
    assert mean.interval() == pytest.approx((0.7001142, 2.4598858), abs=1e-6)


@given(value=st.floats(-0.05, 0.05), se=st.floats(0.001, 0.05), df=st.floats(1, 100))
def test_within_is_two_one_sided_tests(value, se, df):
    margin = 0.02
    t = scipy.t(df)
    expected = max(t.sf((value + margin) / se), t.cdf((value - margin) / se))
    mean = Mean(value=value, se=se, df=df)
    assert mean.p_within(margin) == pytest.approx(expected, rel=1e-7, abs=1e-300)
    low, high = mean.interval(0.9)
    if abs(mean.p_within(margin) - 0.05) > 1e-9:
        assert (mean.p_within(margin) < 0.05) == (-margin < low and high < margin)


def test_no_margin_is_never_kept():
    assert Mean(value=0.0, se=0.01, df=9).p_within(0.0) == pytest.approx(0.5)
    assert Mean(value=0.0, se=0.01, df=9).p_within(-0.01) > 0.5


def test_one_run_says_nothing_about_chance():
    mean = paired([0.3])
    assert mean.value == 0.3
    assert all(math.isnan(x) for x in (mean.se, mean.df, *mean.interval(), mean.p(), mean.p_within(1)))


def test_equal_differences_have_no_spread_of_rounding():
    mean = paired([0.1, 0.1, 0.1])
    assert (mean.value, mean.se, mean.df) == (0.1, 0.0, 2.0)
    assert mean.interval() == (0.1, 0.1)
    assert (mean.p(), mean.p(0.1)) == (0.0, 1.0)
    assert (mean.p_within(0.2), mean.p_within(0.05)) == (0.0, 1.0)


@pytest.mark.parametrize("wrong", [[], [[1.0, 2.0]], [1.0, math.nan], [1.0, math.inf]])
def test_refusals_name_what_was_given(wrong):
    with pytest.raises(ValueError, match="differences"):
        paired(wrong)
    with pytest.raises(ValueError, match="confidence"):
        paired([1, 2]).interval(95)
