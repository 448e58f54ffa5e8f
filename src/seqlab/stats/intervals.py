"""A mean with its standard error and degrees of freedom, and what follows from them by Student's t."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import check_confidence, numbers


@dataclass(frozen=True, slots=True)
class Mean:
    """An estimate that is Student's t around the truth.

    Args:
        value: the estimate.
        se: its standard error; NaN where it cannot be known, such as from one run.
        df: degrees of freedom of the standard error; NaN where `se` is.
    """

    value: float
    se: float
    df: float

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The value -+ t se. Both ends are NaN where the standard error is not known, and the value where it is 0.

        Args:
            confidence: above 0 and below 1.
        """
        check_confidence(confidence)
        half = _quantile((1 + confidence) / 2, self.df) * self.se if self.se != 0 else 0.0
        return self.value - half, self.value + half

    def p(self, null: float = 0.0) -> float:
        """Two-sided p value of the truth being `null`: the interval leaves it out where p < 1 - confidence.

        NaN where the standard error is not known; where it is 0, 1 for `null` itself and 0 for all else.
        """
        if self.se == 0:
            return 1.0 if self.value == null else 0.0
        return 2 * _above(abs(self.value - null) / self.se, self.df)

    def p_within(self, margin: float) -> float:
        """The p value of lying outside of -+ `margin`: where it is small, the truth is 0 for practical purposes.

        Two one-sided tests (Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15, 657-680): the larger p of
        "at most -margin" and "at least margin". It is below .05 where the 90 % interval lies within the margin. NaN
        where the standard error is not known; where it is 0, 0 inside of the margin and 1 outside.

        Args:
            margin: above 0, in units of the value.
        """
        if self.se == 0:
            return 0.0 if abs(self.value) < margin else 1.0
        return _above((margin - abs(self.value)) / self.se, self.df)


def paired(differences: npt.ArrayLike) -> Mean:
    """Mean of paired differences and its chance over replicates: Student's paired t (1908, Biometrika 6, 1-25).

    With differences of a fixed test part it forgets the luck of the test items; see `crossed`.

    Args:
        differences: one a replicate [R], R at least 1. With R=1 nothing is known of the chance: `se` and `df` are NaN.
            If all are the same, the standard error is 0; whether that is to be believed is for the caller to say.

    Returns:
        The mean, with R - 1 degrees of freedom.
    """
    values = numbers(differences, "differences", 1)
    R = len(values)
    if R == 1:
        return Mean(value=float(values[0]), se=math.nan, df=math.nan)
    # Equal numbers have no spread, but their mean is rounded
    spread = 0.0 if np.ptp(values) == 0 else float(values.std(ddof=1))
    value = float(values[0]) if spread == 0 else float(values.mean())
    return Mean(value=value, se=spread / math.sqrt(R), df=float(R - 1))


def _quantile(share: float, df: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, share))


def _above(t: float, df: float) -> float:
    """Chance of more than t; SciPy's `t.sf` without its overhead."""
    from scipy.special import stdtr

    return float(stdtr(df, -t))
