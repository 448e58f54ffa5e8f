"""What could be detected, by simulation; how many replicates, by trying every number."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy

from seqlab.stats import (
    Components,
    crossed,
    detectable,
    replicates_needed,
    replicates_to_detect,
    rounded_up,
)


def made(replicate, item, interaction):
    return Components(replicate=replicate, item=item, interaction=interaction, replicates=5, items=100)


def test_detectable_is_the_power_of_the_t_test():
    """With seeds alone: the effect of 0.8 power, 20 pairs (Cohen 1988: d = 0.66)."""
    found = detectable(made(1.0, 0.0, 0.0), 20, 1)
    t = scipy.t(19).ppf(0.975)
    assert 1 - scipy.nct(19, found * math.sqrt(20)).cdf(t) == pytest.approx(0.8)
    assert found == pytest.approx(0.66, abs=0.005)


@pytest.mark.parametrize(("R", "N"), [(5, 100), (20, 400)])
def test_detectable_is_detected(R, N):
    components = made(0.0003, 0.05, 0.08)
    difference = detectable(components, R, N)
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(800):
        x = difference + math.sqrt(components.replicate) * rng.standard_normal((R, 1))
        x = x + math.sqrt(components.item) * rng.standard_normal((1, N))
        x = x + math.sqrt(components.interaction) * rng.standard_normal((R, N))
        found += crossed(x)[0].p() < 0.05
    assert found / 800 == pytest.approx(0.8, abs=0.06)


def test_more_of_anything_detects_less():
    components = made(0.0003, 0.05, 0.08)
    assert detectable(components, 5, 100) > detectable(components, 10, 100) > detectable(components, 10, 200)
    assert detectable(components, 10, 100, power=0.9) > detectable(components, 10, 100)
    assert detectable(components, 10, 100, confidence=0.99) > detectable(components, 10, 100)


def test_detectable_at_the_edges():
    assert detectable(made(0.0, 0.0, 0.0), 5, 100) == 0
    assert detectable(made(1.0, 1.0, 1.0), 1, 100) == math.inf
    assert math.isnan(detectable(made(math.nan, 1.0, 1.0), 5, 100))
    many = detectable(made(0.0, 1.0, 0.0), 5, 10**8)
    assert many == pytest.approx((1.959964 + 0.841621) / 1e4, rel=1e-5)
    with pytest.raises(ValueError, match=r"power: 0\.01"):
        detectable(made(1.0, 1.0, 1.0), 5, 100, power=0.01)


@given(
    replicate=st.floats(1e-6, 1e-2),
    item=st.floats(0, 0.3),
    interaction=st.floats(0, 0.3),
    items=st.integers(20, 1000),
    half=st.floats(0.02, 0.3),
)
def test_replicates_needed_is_the_first_that_does_it(replicate, item, interaction, items, half):
    components = made(replicate, item, interaction)

    def width(R):
        return components.se(R, items) * scipy.t.ppf(0.975, components.df(R, items))

    found = replicates_needed(components, items, half)
    if found is None:
        assert width(100_000) > half * 0.999
    else:
        assert width(found) <= half * (1 + 1e-9)
        assert found == 2 or width(found - 1) > half * (1 - 1e-9)


def test_no_number_of_seeds_makes_up_for_too_few_test_items():
    components = made(0.0001, 0.09, 0.0)
    assert replicates_needed(components, 100, 0.02) is None
    assert replicates_needed(components, 10_000, 0.02) is not None
    assert replicates_needed(made(math.nan, 1.0, 1.0), 100, 1.0) is None
    assert replicates_needed(made(0.0, 0.0, 0.0), 100, 0.1) == 2
    with pytest.raises(ValueError, match="half_width: 0"):
        replicates_needed(components, 100, 0)


def test_seeds_alone_need_a_t_interval():
    found = replicates_needed(made(1.0, 0.0, 0.0), 1, 0.5)
    assert found is not None
    assert scipy.t.ppf(0.975, found - 1) / math.sqrt(found) <= 0.5
    assert scipy.t.ppf(0.975, found - 2) / math.sqrt(found - 1) > 0.5


@pytest.mark.parametrize("confidence", [0.95, 0.9875])
def test_replicates_to_detect_are_the_fewest_that_do(confidence):
    components = made(0.0003, 0.02, 0.03)
    needed = replicates_to_detect(components, 2000, 0.015, confidence=confidence)
    assert needed is not None
    found = [detectable(components, R, 2000, confidence=confidence) <= 0.015 for R in range(2, needed + 1)]
    assert found == [False] * (needed - 2) + [True]


def test_replicates_to_detect_at_the_edges():
    assert replicates_to_detect(made(0.0003, 0.05, 0.05), 100, 0.01) is None, "the items alone have more luck"
    assert replicates_to_detect(made(0.0, 0.0, 0.0), 100, 0.01) == 2
    assert replicates_to_detect(made(math.nan, 0.0, 0.0), 100, 0.01) is None
    with pytest.raises(ValueError, match="difference: 0"):
        replicates_to_detect(made(1.0, 0.0, 0.0), 100, 0)


def test_two_replicates_detect_something_at_any_confidence():
    """With one degree of freedom the noncentrality lies far beyond the quantile."""
    for confidence in (0.95, 0.99, 0.9999):
        found = detectable(made(1.0, 0.0, 0.0), 2, 1, confidence=confidence)
        t = scipy.t(1).ppf((1 + confidence) / 2)
        rng = np.random.default_rng(1)
        x = found + rng.standard_normal((200_000, 2))
        power = (x.mean(axis=1) / (x.std(axis=1, ddof=1) / math.sqrt(2)) > t).mean()
        assert power == pytest.approx(0.8, abs=0.005)


@given(st.integers(1, 10**9))
def test_a_number_that_is_needed_is_rounded_up_to_two_digits(number):
    rounded = rounded_up(number)
    assert number <= rounded <= number * 1.1
    assert len(str(rounded).rstrip("0")) <= 2
    assert rounded_up(rounded) == rounded
