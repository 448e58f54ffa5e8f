"""Intervals of proportions."""

import math
from statistics import NormalDist


def wilson(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a proportion, such as an accuracy (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    Args:
        correct: successes, from 0 to n.
        n: trials, at least 1.
        confidence: above 0 and below 1.

    Returns:
        The interval's ends, within [0, 1].

    Raises:
        ValueError: if `correct` or `confidence` is out of range.
    """
    _check(correct, n, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if correct == 0 else max(0.0, middle - half)
    high = 1.0 if correct == n else min(1.0, middle + half)
    return low, high


def clopper_pearson(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion, for counts that are small: it covers at least as often as it says.

    Clopper and Pearson 1934, Biometrika 26, 404-413.

    Args:
        correct: successes, from 0 to n.
        n: trials, at least 1.
        confidence: above 0 and below 1.

    Returns:
        The interval's ends, within [0, 1].

    Raises:
        ValueError: if `correct` or `confidence` is out of range.
    """
    from scipy.special import betaincinv

    _check(correct, n, confidence)
    tail = (1 - confidence) / 2
    low = float(betaincinv(correct, n - correct + 1, tail)) if correct > 0 else 0.0
    high = float(betaincinv(correct + 1, n - correct, 1 - tail)) if correct < n else 1.0
    return low, high


def _check(correct: int, n: int, confidence: float) -> None:
    if not (n >= 1 and 0 <= correct <= n):
        raise ValueError(f"correct: {correct} of n={n}; allowed: 0 to n, n at least 1")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: {confidence}; allowed: above 0 and below 1")
