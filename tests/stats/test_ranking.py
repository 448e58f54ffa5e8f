"""Ranks over data sets against SciPy and Demsar's own table."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats as scipy

from seqlab.stats import holm, rank_datasets

# Demsar 2006, JMLR 7, table 6: AUC of C4.5, +m, +cf, +m+cf on 14 UCI data sets.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def test_demsars_example():
    """He prints mean ranks 3.143, 2.000, 2.893, 1.964 and a chi-square of 9.28 without the correction for ties."""
    ranks = rank_datasets(DEMSAR, True)
    assert ranks.mean_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    plain = 12 * 14 / (4 * 5) * ((ranks.mean_ranks**2).sum() - 4 * 5**2 / 4)
    assert plain == pytest.approx(9.28, abs=0.01)
    corrected = scipy.friedmanchisquare(*DEMSAR.T)
    assert corrected.statistic > plain
    assert ranks.friedman_p == pytest.approx(corrected.pvalue)


@pytest.mark.parametrize("D", [10, 30, 60])
def test_pairs_are_wilcoxons_after_holm(D):
    rng = np.random.default_rng(D)
    scores = rng.normal(size=(D, 4)) + np.array([0.0, 0.1, 0.8, 1.0])
    ranks = rank_datasets(scores, True)
    pairs = list(itertools.combinations(range(4), 2))
    expected = holm([scipy.wilcoxon(scores[:, i], scores[:, j]).pvalue for i, j in pairs])
    assert [ranks.pair_p[i, j] for i, j in pairs] == pytest.approx(expected, rel=1e-9)
    assert np.array_equal(ranks.pair_p, ranks.pair_p.T)
    assert np.diag(ranks.pair_p).tolist() == [1, 1, 1, 1]
    assert ranks.friedman_p == pytest.approx(scipy.friedmanchisquare(*scores.T).pvalue)


def test_exact_p_by_all_signs():
    """The signed-rank test of 10 data sets is a count over 2^10 signs."""
    scores = np.random.default_rng(1).normal(size=(10, 2)) + np.array([0.0, 0.7])
    d = scores[:, 0] - scores[:, 1]
    order = scipy.rankdata(np.abs(d))
    sums = np.array([np.dot(order, signs) for signs in itertools.product([-1, 1], repeat=10)])
    expected = np.mean(np.abs(sums) >= abs(np.dot(order, np.sign(d))))
    ranks = rank_datasets(scores, True)
    assert ranks.pair_p[0, 1] == pytest.approx(expected)
    assert math.isnan(ranks.friedman_p)


def test_lower_is_better_turns_ranks_around():
    scores = np.random.default_rng(2).normal(size=(12, 3))
    up, down = rank_datasets(scores, True), rank_datasets(scores, False)
    assert up.mean_ranks + down.mean_ranks == pytest.approx([4, 4, 4])
    assert np.allclose(up.pair_p, down.pair_p)


def test_cliques_are_what_cannot_be_told_apart():
    rng = np.random.default_rng(3)
    noise = rng.normal(scale=0.1, size=(30, 5))
    ranks = rank_datasets(noise + np.array([1.0, 5.0, 1.0, 9.0, 5.0]), True)
    assert {frozenset(clique) for clique in ranks.cliques} == {frozenset((1, 4)), frozenset((0, 2))}
    assert set(ranks.cliques[0]) == {1, 4}, "best first"
    apart = rank_datasets(noise + np.array([1.0, 2.0, 3.0, 4.0, 5.0]), True)
    assert apart.cliques == []


def test_cliques_may_overlap_and_none_lies_within_another():
    rng = np.random.default_rng(0)
    scores = rng.normal(scale=1.0, size=(20, 4)) + np.array([0.0, 0.45, 0.9, 1.35])
    ranks = rank_datasets(scores, True)
    for clique in ranks.cliques:
        assert all(ranks.pair_p[i, j] >= 0.05 for i, j in itertools.combinations(clique, 2))
        assert not any(set(clique) < set(other) for other in ranks.cliques)
    assert len(ranks.cliques) >= 2


def test_arms_that_are_all_the_same():
    ranks = rank_datasets(np.ones((12, 3)), True)
    assert ranks.mean_ranks.tolist() == [2, 2, 2]
    assert ranks.friedman_p == 1.0
    assert (ranks.pair_p == 1).all()
    assert ranks.cliques == [(0, 1, 2)]


@pytest.mark.parametrize("wrong", [[[1.0], [2.0]], [1.0, 2.0], [[1.0, math.nan]]])
def test_refuses_what_cannot_be_ranked(wrong):
    with pytest.raises(ValueError, match="scores"):
        rank_datasets(wrong, True)
