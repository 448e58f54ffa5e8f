"""The mean over replicates and test items with the luck of both: of accuracy, and of whatever is a mean over items."""

import math

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, group_numbers, numbers
from seqlab.stats.components import Components, degrees, variance
from seqlab.stats.intervals import Mean

# Least sum of squares of what test items show, in items. Agresti and Min 2005 (Statistics in Medicine 24, 729-740) add
# half an item to each cell of right and wrong of two arms: two halves that disagree.
_FLOOR_OF_DIFFERENCE = 1.0
# Of one arm: half as wide as Wilson's 95 % interval of a perfect score, z^2 / N on its one side.
_FLOOR_OF_SHARE = 4.0


def crossed(values: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> tuple[Mean, Components]:
    """Mean of a score that every replicate has on every test item; replicates and items are both drawn by chance.

    The variance of the mean is V = s_r^2/R + s_i^2/N - s_ri^2/(RN): s_r^2 between the means of replicates, s_i^2
    between the means of items, s_ri^2 the residual; never less than any of the three (see `components.variance`).

    Of right and wrong (0 and 1, or their differences -1, 0 and 1) the items' part has a floor: items that all agree in
    the sample do not prove that all items of the world do. For differences s_i^2/N is at least what one item on which
    all replicates disagree would give, a standard error of about 1/N; for one arm that is nearly always right 2/N.

    Items of one group (a speaker, a patient) are drawn together: every group counts as one item, worth the number of
    its items. As a ratio estimator this is the cluster-robust variance; with groups of unequal size their number is
    counted as (sum n)^2 / sum n^2 in the degrees of freedom. It is rough below some ten groups.

    Args:
        values: score of an arm, or difference of two arms that were paired by replicate [R, N].
        groups: which items belong together [N]; None: each is on its own.

    Returns:
        The mean, and the variances behind it. With R=1, N=1 or one single group nothing is known of one of the two
        kinds of chance: `se` and `df` are NaN, and so are the components that are not known. If nothing varies and the
        scores are not of right and wrong, the standard error is 0.
    """
    x = numbers(values, "values", 2)
    R, N = x.shape
    value = float(x.mean())
    floor = _floor(x)
    group = group_numbers(groups, N)
    if group is not None:
        sizes = np.bincount(group).astype(np.float64)
        y, scale, item_df = _collapsed(x, group, sizes), len(sizes) / N, _effective(sizes) - 1
    else:
        y, scale, item_df = x, 1.0, float(N - 1)
    floor *= scale**2
    G = y.shape[1]
    rows, columns = y.mean(axis=1), y.mean(axis=0)
    of_rows, of_columns = _squares(rows), _squares(columns)
    if G == 1 or R == 1:
        item = max(of_columns, floor) / (G - 1) if G > 1 else math.nan
        spread = of_rows / (R - 1) if R > 1 else math.nan
        components = Components(replicate=spread, item=item, interaction=math.nan, replicates=R, items=G)
        return Mean(value=value, se=math.nan, df=math.nan), components
    residual = _residual(y, rows, columns)
    both = residual / ((R - 1) * (G - 1))
    between_rows, between_columns = of_rows / (R - 1), max(of_columns, floor) / (G - 1)
    parts = between_rows / R, between_columns / G, both / (R * G)
    mean = Mean(value=value, se=math.sqrt(variance(*parts)), df=degrees(*parts, float(R - 1), item_df))
    components = Components(
        replicate=max(between_rows - both / G, 0.0),
        item=max(between_columns - both / R, 0.0),
        interaction=both,
        replicates=R,
        items=G,
    )
    return mean, components


def _floor(x: FloatArray) -> float:
    """Least sum of squares between items; 0 where scores are not of right and wrong."""
    if not np.isin(x, (-1.0, 0.0, 1.0)).all():
        return 0.0
    # Near 0 it may be either; arms that agree nearly always are likelier than one that is nearly always wrong
    return _FLOOR_OF_SHARE if abs(x.mean()) > 0.5 else _FLOOR_OF_DIFFERENCE


def _collapsed(x: FloatArray, group: npt.NDArray[np.int64], sizes: FloatArray) -> FloatArray:
    """One score a group and replicate [R, G] whose plain mean over groups is the mean over items [R].

    The ratio estimator made linear: mean + (sum of deviations in a group) G / N.
    """
    N = x.shape[1]
    G = len(sizes)
    sums = np.stack([np.bincount(group, weights=row, minlength=G) for row in x])
    middle = float(x.mean())
    return middle + (sums - middle * sizes) * (G / N)


def _effective(sizes: FloatArray) -> float:
    """How many groups of equal size are worth as much; at least 2, so that there is a degree of freedom."""
    return max(float(sizes.sum() ** 2 / (sizes**2).sum()), 2.0)


def _squares(means: FloatArray) -> float:
    """Sum of squared deviations, exactly 0 where all are the same."""
    return (
        0.0 if np.ptp(means) <= _ROUNDING * np.abs(means).max(initial=0) else float(means.var() * len(means))
    )


def _residual(y: FloatArray, rows: FloatArray, columns: FloatArray) -> float:
    """Sum of squares of what neither replicate nor item explains, exactly 0 where there is nothing."""
    left = y - columns
    left -= (rows - columns.mean())[:, None]
    if np.abs(left).max() <= _ROUNDING * np.abs(y).max():
        return 0.0
    return float(np.einsum("rn,rn->", left, left))


_ROUNDING = 1e-13
