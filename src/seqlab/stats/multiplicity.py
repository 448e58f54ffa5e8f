"""Several questions, or several looks at one: keeping the chance of any false difference to what was promised."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, numbers


def holm(p: npt.ArrayLike) -> FloatArray:
    """The p values of several questions, adjusted so that each can be held against alpha by itself.

    Whoever calls different what is below alpha is wrong about any of them with a chance of at most alpha, however they
    depend on each other (Holm 1979, Scandinavian Journal of Statistics 6, 65-70).

    Args:
        p: plain p values [M], 0 to 1.

    Returns:
        Adjusted ones in the same order [M], at least as large, at most 1.
    """
    if np.size(p) == 0:
        return np.empty(0)
    values = numbers(p, "p", 1)
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"p: {values.min()} to {values.max()}; allowed: 0 to 1")
    order = np.argsort(values, kind="stable")
    raised = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted


def alpha_at_look(looks: Sequence[int], count: int, alpha: float = 0.05) -> float:
    """Share of alpha that may be spent at this look at growing results; all looks add up to alpha.

    In proportion to the replicates that are new: the spending function alpha t of Kim and DeMets 1987 (Biometrika 74,
    149-154), spent without use of how the looks depend on each other, so that the promise holds however that may be, at
    the price of a little sharpness. Looks at 5, 10 and 20 replicates may spend 1.25 %, 1.25 % and 2.5 %.

    Args:
        looks: numbers of replicates at which one looks, ascending; fixed beforehand.
        count: this look's.
        alpha: chance of a false difference over all looks.

    Raises:
        ValueError: if `looks` do not grow, or `count` is none of them.
    """
    if not looks or looks[0] < 1 or list(looks) != sorted(set(looks)):
        raise ValueError(f"looks: {list(looks)}; allowed: numbers that grow, from 1")
    if count not in looks:
        raise ValueError(f"count: {count}; allowed: one of the looks, {list(looks)}")
    place = list(looks).index(count)
    before = looks[place - 1] if place else 0
    return alpha * (count - before) / looks[-1]
