"""What a handful of runs is like, without letting one of them decide."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, check_confidence, numbers


def interquartile_mean(values: npt.ArrayLike) -> FloatArray | float:
    """Mean of the middle half of the replicates (Agarwal et al. 2021, https://arxiv.org/abs/2108.13264).

    As there, a quarter of R, rounded down, is left out at either end: of 5 values 1 and 1, of 10 values 2 and 2, and of
    fewer than 4 none.

    Args:
        values: [..., R].

    Returns:
        Over the last axis [...]; a number for one axis.
    """
    array = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"values: shape {array.shape}; allowed: [..., R] with R at least 1")
    cut = array.shape[-1] // 4
    found = array[..., cut : array.shape[-1] - cut].mean(axis=-1)
    return float(found) if found.ndim == 0 else found


def probability_of_improvement(
    a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95
) -> tuple[float, float, float]:
    """How likely a replicate of one arm scores higher than one of the other; ties count half (Agarwal et al. 2021).

    Mann and Whitney's U over the number of pairs; every replicate of one is held against every one of the other. The
    interval is the score interval of Newcombe 2006 (Statistics in Medicine 25, 559-573, method 5), which is right for
    a handful of replicates and does not vanish where one arm always wins. It takes the two as independent, and is too
    long where pairing makes them alike.

    Args:
        a: of the one arm [R].
        b: of the other [S].
        confidence: above 0 and below 1.

    Returns:
        The probability and the ends of its interval, within [0, 1].
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    check_confidence(confidence)
    first, second = numbers(a, "a", 1), numbers(b, "b", 1)
    R, S = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]))
    value = float(ranks[:R].sum() - R * (R + 1) / 2) / (R * S)
    z = float(ndtri((1 + confidence) / 2))

    more = (R + S) / 2 - 1

    def outside(theta: float) -> float:
        """Below 0 where the interval holds theta."""
        spread = 1 + more * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (value - theta) ** 2 - z * z * theta * (1 - theta) * spread / (R * S)

    return value, _crossing(outside, value, 0.0), _crossing(outside, value, 1.0)


def _crossing(outside: Callable[[float], float], value: float, end: float) -> float:
    """Where it changes sign between a value and the end of what is possible."""
    from scipy.optimize import brentq

    if value == end:
        return end
    # At 0 and 1 themselves there is no spread: where the value lies there, start a hair inside
    start = min(max(value, 1e-9), 1 - 1e-9)
    root: Any = brentq(outside, start, end, xtol=1e-12)
    return float(root)
