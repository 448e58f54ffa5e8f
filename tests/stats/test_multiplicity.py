"""Holm's correction against a worked example and the closed testing that it is short for; looks add up."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.stats import alpha_at_look, holm

shares = st.floats(0, 1)


def test_worked_example():
    """As R's help of `p.adjust` defines it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
    assert holm([0.2]) == pytest.approx([0.2])
    assert holm([]).tolist() == []


@given(p=st.lists(shares, min_size=1, max_size=6))
def test_holm_is_closed_testing_with_bonferroni(p):
    """The adjusted p of a question is the largest Bonferroni p of all sets of questions that it is in."""
    expected = [
        max(
            min(1.0, len(chosen) * min(p[j] for j in chosen))
            for size in range(1, len(p) + 1)
            for chosen in itertools.combinations(range(len(p)), size)
            if i in chosen
        )
        for i in range(len(p))
    ]
    assert holm(p) == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [[-0.1], [0.2, 1.1], [float("nan")]])
def test_holm_refuses_what_is_no_chance(wrong):
    with pytest.raises(ValueError, match="p: "):
        holm(wrong)


@given(
    looks=st.lists(st.integers(2, 200), min_size=1, max_size=6, unique=True).map(sorted),
    alpha=st.floats(0.001, 0.2),
)
def test_looks_add_up_to_alpha(looks, alpha):
    spent = [alpha_at_look(looks, look, alpha) for look in looks]
    assert sum(spent) == pytest.approx(alpha)
    assert all(part > 0 for part in spent)


def test_one_look_spends_all_and_three_in_proportion():
    assert alpha_at_look([10], 10) == 0.05
    assert [alpha_at_look([5, 10, 20], look) for look in (5, 10, 20)] == pytest.approx(
        [0.0125, 0.0125, 0.025]
    )


def test_looking_again_keeps_the_promise():
    """Of 4000 comparisons of equal arms that stop at the first difference, at most 5 % find one."""
    from seqlab.stats import paired

    rng = np.random.default_rng(0)
    looks, false, naive = [5, 10, 20], 0, 0
    for differences in rng.normal(size=(2000, 20)):
        p = {look: paired(differences[:look]).p() for look in looks}
        false += any(p[look] < alpha_at_look(looks, look) for look in looks)
        naive += any(p[look] < 0.05 for look in looks)
    assert false / 2000 < 0.05 < 0.08 < naive / 2000


@pytest.mark.parametrize(("looks", "count"), [([], 5), ([10, 5], 5), ([5, 5], 5), ([0, 5], 5)])
def test_looks_have_to_grow(looks, count):
    with pytest.raises(ValueError, match="looks"):
        alpha_at_look(looks, count)


def test_a_look_that_was_not_planned_has_no_share():
    with pytest.raises(ValueError, match=r"count: 7; allowed: one of the looks, \[5, 10\]"):
        alpha_at_look([5, 10], 7)
