"""Replicates crossed with test items: textbook analysis of variance, identities, edges, and coverage by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy

from seqlab.stats import Components, crossed, paired


def table(seed, R=6, N=40, replicate=1.0, item=1.0, interaction=1.0):
    rng = np.random.default_rng(seed)
    return (
        replicate * rng.standard_normal((R, 1))
        + item * rng.standard_normal((1, N))
        + interaction * rng.standard_normal((R, N))
    )


def anova(x):
    """Mean squares of the two-way table without replication, by its sums and in no way of the code under test."""
    R, N = x.shape
    correction = x.sum() ** 2 / x.size
    rows = (x.sum(axis=1) ** 2).sum() / N - correction
    columns = (x.sum(axis=0) ** 2).sum() / R - correction
    residual = (x**2).sum() - correction - rows - columns
    return rows / (R - 1), columns / (N - 1), residual / ((R - 1) * (N - 1))


@given(seed=st.integers(0, 10_000), R=st.integers(2, 8), N=st.integers(2, 30))
def test_variances_are_those_of_the_analysis_of_variance(seed, R, N):
    x = table(seed, R, N)
    of_rows, of_columns, residual = anova(x)
    mean, components = crossed(x)
    assert mean.value == pytest.approx(x.mean())
    plain = (of_rows + of_columns - residual) / x.size
    least = max(of_rows, of_columns, residual) / x.size
    assert mean.se == pytest.approx(math.sqrt(max(plain, least)), rel=1e-9)
    assert components.interaction == pytest.approx(residual)
    assert components.replicate == pytest.approx(max(of_rows - residual, 0) / N, abs=1e-12)
    assert components.item == pytest.approx(max(of_columns - residual, 0) / R, abs=1e-12)
    assert components.se(R, N) == pytest.approx(mean.se, rel=1e-9)
    assert components.df(R, N) == pytest.approx(mean.df, rel=1e-6)
    assert min(R, N) - 1 <= mean.df <= 1e9


def test_components_are_without_bias():
    """Over many tables their means are what the tables were made of."""
    found = [crossed(table(seed, 8, 50, 0.7, 1.5, 1.0))[1] for seed in range(400)]
    for name, expected in (("replicate", 0.49), ("item", 2.25), ("interaction", 1.0)):
        values = [getattr(components, name) for components in found]
        assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / 20)


def test_without_item_luck_it_is_the_paired_t_test():
    seeds = np.random.default_rng(0).normal(size=(7, 1))
    x = np.repeat(seeds, 2000, axis=1)
    mean, components = crossed(x)
    expected = paired(seeds[:, 0])
    assert (mean.se, mean.df) == pytest.approx((expected.se, expected.df))
    assert components.shares() == pytest.approx({"seeds": 1, "test items": 0})


def test_without_seed_luck_it_is_the_t_test_over_items():
    items = np.random.default_rng(0).normal(size=(1, 60))
    mean, components = crossed(np.repeat(items, 5, axis=0))
    expected = paired(items[0])
    assert (mean.se, mean.df) == pytest.approx((expected.se, expected.df))
    assert components.shares() == pytest.approx({"seeds": 0, "test items": 1})


def test_more_seeds_do_not_undo_the_luck_of_the_items():
    few, _ = crossed(table(1, 10, 50, item=2.0))
    many, _ = crossed(table(1, 400, 50, item=2.0))
    assert many.se > 0.7 * few.se
    assert many.se == pytest.approx(2.0 / math.sqrt(50), rel=0.3)


@pytest.mark.parametrize("differ", [0, 1])
def test_arms_that_agree_on_a_few_items_are_not_proven_alike(differ):
    x = np.zeros((10, 80))
    x[:, :differ] = 1
    mean, _ = crossed(x)
    assert crossed(-x)[0].se == mean.se
    assert mean.se >= 0.99 / 80
    assert mean.interval()[0] < 0 < mean.interval()[1]
    assert math.isfinite(mean.df)


def test_of_one_arm_that_is_always_right_about_wilsons_width_is_left():
    from seqlab.stats import wilson

    mean, _ = crossed(np.ones((5, 200)))
    assert mean.value == 1
    assert 1 - mean.interval()[0] == pytest.approx(1 - wilson(200, 200)[0], rel=0.1)


def test_the_floor_is_out_of_the_way_where_items_differ():
    x = np.random.default_rng(0).integers(-1, 2, size=(5, 300)).astype(float)
    of_rows, of_columns, residual = anova(x)
    least = max(of_rows, of_columns, residual, of_rows + of_columns - residual) / x.size
    assert crossed(x)[0].se == pytest.approx(math.sqrt(least), rel=1e-9)


def test_scores_that_are_not_of_right_and_wrong_have_no_floor():
    mean, components = crossed(np.full((4, 9), 0.1))
    assert (mean.value, mean.se, mean.df) == (pytest.approx(0.1), 0.0, 3.0)
    assert (components.replicate, components.item, components.interaction) == (0, 0, 0)
    assert all(math.isnan(share) for share in components.shares().values())


def test_one_replicate_or_one_item_says_nothing_of_its_kind_of_luck():
    one_run, components = crossed([[1.0, 2.0, 4.0]])
    assert math.isnan(one_run.se) and math.isnan(components.replicate)
    assert components.item == pytest.approx(np.var([1, 2, 4], ddof=1))
    one_item, components = crossed([[1.0], [2.0], [4.0]])
    assert math.isnan(one_item.se) and math.isnan(components.item)
    assert components.replicate == pytest.approx(np.var([1, 2, 4], ddof=1))
    assert one_item.value == pytest.approx(7 / 3)
    one_group, components = crossed(table(0), np.zeros(40))
    assert math.isnan(one_group.se) and components.items == 1


@pytest.mark.parametrize("wrong", [[], [1.0, 2.0], [[]], [[1.0, math.nan]], [[1.0, -math.inf]]])
def test_refuses_what_is_no_table(wrong):
    with pytest.raises(ValueError, match="values"):
        crossed(wrong)


def test_refuses_groups_of_another_length():
    with pytest.raises(ValueError, match=r"groups: shape \(3,\); allowed: one an item, \(40,\)"):
        crossed(table(0), [1, 2, 3])


# Groups


def test_groups_of_one_item_are_items():
    x = table(3)
    assert crossed(x, np.arange(40)) == crossed(x)


def test_equal_groups_are_their_means():
    x = table(3)
    groups = np.tile(np.arange(8), 5)
    means = np.stack([x[:, groups == g].mean(axis=1) for g in range(8)], axis=1)
    grouped, expected = crossed(x, groups), crossed(means)
    assert (grouped[0].value, grouped[0].se, grouped[0].df) == pytest.approx(
        (expected[0].value, expected[0].se, expected[0].df)
    )
    assert grouped[1].items == 8


def test_unequal_groups_are_the_ratio_estimator():
    """One replicate's variance is the textbook one (Cochran 1977, Sampling Techniques, 2.11 with G/(G-1))."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(6), [1, 2, 3, 5, 8, 13])
    x = rng.normal(size=(1, 32)) + 10
    _, components = crossed(x, groups)
    sizes = np.bincount(groups)
    totals = np.bincount(groups, weights=x[0])
    of_ratio = ((totals - x.mean() * sizes) ** 2).sum() * 6 / 5 / 32**2
    assert components.item / 6 == pytest.approx(of_ratio)
    mean, _ = crossed(np.vstack([x, x + 1e-6]), groups)
    assert mean.df == pytest.approx(32**2 / (sizes**2).sum() - 1, rel=1e-3)


def test_names_of_groups_may_be_anything():
    x = table(4)
    numbers = np.repeat(np.arange(8), 5)
    assert crossed(x, [f"speaker {n}" for n in numbers]) == crossed(x, numbers)


def test_items_that_go_together_are_worth_less():
    groups = np.repeat(np.arange(10), 20)
    speakers = np.random.default_rng(1).normal(size=10)
    x = table(0, 5, 200, 0.1, 0.1, 0.1) + speakers[groups]
    assert crossed(x, groups)[0].se > 3 * crossed(x)[0].se


# Components


def test_components_foretell_standard_errors():
    components = Components(replicate=4.0, item=9.0, interaction=16.0, replicates=2, items=3)
    assert components.se(2, 3) == pytest.approx(math.sqrt(4 / 2 + 9 / 3 + 16 / 6))
    assert components.shares() == pytest.approx({"seeds": 10 / 23, "test items": 13 / 23})
    with pytest.raises(ValueError, match="at least 1"):
        components.se(0, 3)


# Coverage

CASES = {
    "all of them": (0.01, 0.2, 0.2),
    "seeds": (0.03, 0.05, 0.1),
    "items": (0.001, 0.3, 0.05),
    "interaction": (0.0, 0.0, 0.3),
}


def misses(case, R, N, runs, seed):
    """How often 0 lies outside of the 95 % interval of scores whose mean is 0."""
    rng = np.random.default_rng(seed)
    a, b, c = CASES[case]
    shape = (runs, R, N)
    x = a * rng.standard_normal((runs, R, 1)) + b * rng.standard_normal((runs, 1, N))
    x = x + c * rng.standard_normal(shape)
    return sum(crossed(one)[0].p() < 0.05 for one in x)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("R", [5, 10])
def test_intervals_cover_what_they_promise(case, R):
    """93 to 97 %, give or take what 1000 runs may show by chance (once in a thousand)."""
    low, high = scipy.binom(1000, 0.03).ppf(0.001), scipy.binom(1000, 0.07).ppf(0.999)
    assert low <= misses(case, R, 200, 1000, 5) <= high
