"""Intervals by resampling replicates."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, check_confidence, numbers

_RESAMPLES = 10_000


def bootstrap_interval(
    values: npt.ArrayLike,
    statistic: Callable[[FloatArray], float],
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of any statistic of replicates (Efron and Tibshirani 1993, ch. 13).

    Rough below 20 replicates, and too short: for a mean of 5 normal values it covers 84 % where 95 % are asked for, of
    10 90 %, of 20 94 %. Where there is a t-interval, take that.

    Args:
        values: one a replicate [R].
        statistic: of an array [R].
        confidence: above 0 and below 1.
        seed: of the resampling; the same seed gives the same interval.

    Returns:
        Its ends; NaN for R=1.
    """
    check_confidence(confidence)
    array = numbers(values, "values", 1)
    if len(array) == 1:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    draws = array[rng.integers(0, len(array), size=(_RESAMPLES, len(array)))]
    found = [float(statistic(draw)) for draw in draws]
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
