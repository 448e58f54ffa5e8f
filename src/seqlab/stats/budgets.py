"""What more trials would bring: the expected best of a random search, and the best so far of any search."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, numbers


def expected_best(
    values: npt.ArrayLike, budgets: Sequence[int], *, higher_is_better: bool = True
) -> FloatArray:
    """Expected best of so many trials of a random search: the mean, over all subsets of that size, of their best.

    Dodge et al. 2019 (https://arxiv.org/abs/1909.03004) draw with replacement, which is too low; without, as Tang et
    al. 2020 (https://arxiv.org/abs/2004.13705) correct it, there is no bias. Near n it is rough: of all n trials there
    is one subset. Of trials that learn from each other (TPE) it says nothing; see `best_so_far`.

    Args:
        values: of n trials that were drawn independently of each other [n]; infinite where one diverged.
        budgets: numbers of trials, at least 1.
        higher_is_better: whether the best is the largest.

    Returns:
        One a budget [len(budgets)]; NaN for more than n trials.

    Raises:
        ValueError: if a budget is below 1.
    """
    sign = 1.0 if higher_is_better else -1.0
    ordered = np.sort(sign * numbers(values, "values", 1, infinite=True))
    n = len(ordered)
    found = np.full(len(budgets), np.nan)
    for place, k in enumerate(budgets):
        if k < 1:
            raise ValueError(f"budgets: {k}; allowed: at least 1")
        if k <= n:
            found[place] = sign * float(ordered[k - 1 :] @ _best_is(n, int(k)))
    return found


def _best_is(n: int, k: int) -> FloatArray:
    """Chance that the best of k out of n is number k, k + 1, ..., n in ascending order [n - k + 1]."""
    chances = np.empty(n - k + 1)
    chances[-1] = k / n
    for i in range(n - 1, k - 1, -1):  # C(i - 1, k - 1) / C(n, k), from the one above it
        chances[i - k] = chances[i - k + 1] * (i - k + 1) / i
    return chances


def best_so_far(values: npt.ArrayLike, *, higher_is_better: bool = True) -> FloatArray:
    """Best of the first 1, 2, ..., n trials in the order in which they ended.

    What this search found, and no expectation: repeat the search to see how much of it is luck.

    Args:
        values: [n], or [..., n] for several searches; NaN where a trial came to no value.
        higher_is_better: whether the best is the largest.

    Returns:
        As many [..., n]; NaN until a trial has come to a value.
    """
    array = np.asarray(values, dtype=np.float64)
    return (np.fmax if higher_is_better else np.fmin).accumulate(array, axis=-1)
