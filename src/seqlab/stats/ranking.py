"""Arms over many data sets, where the data set is the unit (Demsar 2006, JMLR 7, 1-30)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, numbers
from seqlab.stats.multiplicity import holm

_EXACT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """What data sets say about arms.

    Args:
        mean_ranks: 1 is best, ties share their ranks [A].
        friedman_p: of all arms being alike; NaN for two arms, for which `pair_p` is the test.
        pair_p: Wilcoxon's signed-rank test of every two arms, after Holm over all pairs; 1 on the diagonal [A, A].
        cliques: columns of arms that cannot be told apart, best first; two or more, none within another.
    """

    mean_ranks: FloatArray
    friedman_p: float
    pair_p: FloatArray
    cliques: Sequence[tuple[int, ...]]


def rank_datasets(scores: npt.ArrayLike, higher_is_better: bool, alpha: float = 0.05) -> Ranks:
    """Rank arms over data sets, and say which of them can be told apart.

    Friedman's chi-square with its correction for ties; Wilcoxon's signed-rank test for every pair, equal scores split
    evenly as Demsar has it, exact up to 50 data sets without ties, else the normal approximation; Holm over all pairs
    (Benavoli et al. 2016, JMLR 17:5, on why not Nemenyi). A clique is a run of arms next to each other in mean rank
    none of whose pairs differs.

    Args:
        scores: of D data sets and A arms, at least two [D, A].
        higher_is_better: whether more is better.
        alpha: below which an adjusted p tells two arms apart.
    """
    from scipy.stats import friedmanchisquare, rankdata

    table = numbers(scores, "scores", 2)
    A = table.shape[1]
    if A < 2:
        raise ValueError(f"scores: {A} arm; allowed: at least 2")
    mean_ranks = rankdata(-table if higher_is_better else table, axis=1).mean(axis=0)
    friedman = float("nan")
    if A > 2:
        alike = bool((table == table[:, :1]).all())
        friedman = 1.0 if alike else float(friedmanchisquare(*table.T).pvalue)
    first, second = np.triu_indices(A, 1)
    adjusted = holm([_wilcoxon(table[:, i] - table[:, j]) for i, j in zip(first, second, strict=True)])
    pair_p = np.ones((A, A))
    pair_p[first, second] = pair_p[second, first] = adjusted
    return Ranks(
        mean_ranks=mean_ranks,
        friedman_p=friedman,
        pair_p=pair_p,
        cliques=_cliques(mean_ranks, pair_p >= alpha),
    )


def _wilcoxon(differences: FloatArray) -> float:
    from scipy.stats import wilcoxon

    sizes = np.abs(differences)
    if not sizes.any():
        return 1.0
    exact = len(sizes) <= _EXACT and len(np.unique(sizes)) == len(sizes) and sizes.all()
    result: Any = wilcoxon(differences, zero_method="zsplit", method="exact" if exact else "asymptotic")
    return float(result.pvalue)


def _cliques(mean_ranks: FloatArray, alike: npt.NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """Longest runs in the order of ranks within which all are alike."""
    order = np.argsort(mean_ranks, kind="stable")
    found: list[tuple[int, ...]] = []
    reached = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and alike[order[end], order[start:end]].all():
            end += 1
        if end - start > 1 and end > reached:
            found.append(tuple(int(arm) for arm in order[start:end]))
            reached = end
    return found
