"""Metrics that are no mean over items, such as F1 or the area under the ROC curve, with the luck of both."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.stats.checks import FloatArray, group_numbers
from seqlab.stats.components import Components, degrees, variance
from seqlab.stats.intervals import Mean

Array = npt.NDArray[Any]
# Items whose answer is changed to see what one is worth.
_CHANGED = 30


def crossed_metric(
    metric: Callable[[Array, Array], float],
    truth: npt.ArrayLike,
    a: npt.ArrayLike,
    b: npt.ArrayLike | None,
    *,
    resamples: int = 1000,
    groups: npt.ArrayLike | None = None,
    seed: int = 0,
) -> tuple[Mean, Components]:
    """Difference of two arms in any metric, or a metric of one arm; replicates and items are both drawn by chance.

    As `crossed`, with the items' part from a bootstrap of the items (or groups), the same for both arms and all
    replicates: s_i^2/N is the variance, over resamples, of the mean over replicates, and s_ri^2/N that of what a
    replicate departs from it. The interval is a t-interval around what all items say. It is rough where a resample can
    lose what the metric rests on: classes with fewer than about ten items, fewer than ten groups.

    Of predicted classes (whole numbers) the items' part has a floor, what one more item answered otherwise by all
    replicates would change; for one arm twice that. See `crossed`.

    Args:
        metric: (truth [N], predicted [N, ...]) -> number. Resamples on which it is not finite are left out.
        truth: [N].
        a: what the arm predicted, by replicate [R, N, ...].
        b: what the other predicted, paired by replicate [R, N, ...]; None: the metric of `a` itself.
        resamples: of the items, each costing a call per replicate and arm. 200 know a standard error to 5 %.
        groups: which items belong together [N]; None: each is on its own.
        seed: of the resampling; the same seed gives the same numbers.

    Returns:
        The mean, and the variances behind it, items counted in groups where there are any. With R=1, N=1, one single
        group, or a metric that is not finite on all items or on most resamples, `se` and `df` are NaN.
    """
    true, arms = np.asarray(truth), [np.asarray(a)] + ([] if b is None else [np.asarray(b)])
    N = len(true)
    for arm in arms:
        if arm.ndim < 2 or arm.shape[0] == 0 or arm.shape[:2] != (len(arms[0]), N) or N == 0:
            raise ValueError(
                f"predicted: shape {arm.shape}; allowed: (replicates, {N}, ...), the same for both"
            )
    R = len(arms[0])
    scores = _scores(metric, true, arms)
    value = float(scores.mean())
    group = group_numbers(groups, N)
    members = _members(group, N)
    G = len(members) if group is not None else N
    drawn = _drawn(metric, true, arms, members, resamples, seed) if G > 1 and np.isfinite(value) else None
    if drawn is None or len(drawn) < max(2, resamples / 2):
        unknown = Components(
            replicate=math.nan, item=math.nan, interaction=math.nan, replicates=R, items=max(G, 1)
        )
        return Mean(value, math.nan, math.nan), unknown
    small = G / (G - 1)  # a resample's variance is that of G, not G - 1
    middle = drawn.mean(axis=1)
    of_items = small * float(middle.var(ddof=1))
    of_items = max(of_items, (1.0 if b is not None else 4.0) * _one_item(metric, true, arms[0]))
    if R == 1:
        known = Components(replicate=math.nan, item=of_items * G, interaction=math.nan, replicates=1, items=G)
        return Mean(value, math.nan, math.nan), known
    of_both = small * float((drawn - middle[:, None]).var(axis=0, ddof=1).sum()) / (R - 1)
    parts = float(scores.var(ddof=1)) / R, of_items, of_both / R
    sizes = (
        np.array([len(member) for member in members], dtype=np.float64) if group is not None else np.ones(N)
    )
    counted = max(float(sizes.sum() ** 2 / (sizes**2).sum()), 2.0)
    # The luck of the resampling counts as well
    item_df = 1 / (1 / (counted - 1) + 1 / (len(drawn) - 1))
    components = Components(
        replicate=max(R * parts[0] - of_both, 0.0),
        item=max(of_items - parts[2], 0.0) * G,
        interaction=of_both * G,
        replicates=R,
        items=G,
    )
    return Mean(value, math.sqrt(variance(*parts)), degrees(*parts, float(R - 1), item_df)), components


def _scores(metric: Callable[[Array, Array], float], true: Array, arms: Sequence[Array]) -> FloatArray:
    """The metric by replicate, or the difference of both arms' [R]."""
    found = np.array([[metric(true, replicate) for replicate in arm] for arm in arms], dtype=np.float64)
    return found[0] - found[1] if len(arms) > 1 else found[0]


def _members(group: npt.NDArray[np.int64] | None, N: int) -> list[npt.NDArray[np.int64]]:
    """Places of the items of every group; empty where every item is on its own."""
    if group is None:
        return []
    order = np.argsort(group, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group))[:-1])


def _drawn(
    metric: Callable[[Array, Array], float],
    true: Array,
    arms: Sequence[Array],
    members: Sequence[npt.NDArray[np.int64]],
    resamples: int,
    seed: int,
) -> FloatArray:
    """The metric on resampled items; one row a resample on which it is finite [<= resamples, R]."""
    rng = np.random.default_rng(seed)
    rows: list[FloatArray] = []
    for _ in range(resamples):
        if members:
            picked = rng.integers(0, len(members), size=len(members))
            chosen = np.concatenate([members[number] for number in picked])
        else:
            chosen = rng.integers(0, len(true), size=len(true))
        row = _scores(metric, true[chosen], [arm[:, chosen] for arm in arms])
        if np.isfinite(row).all():
            rows.append(row)
    return np.array(rows).reshape(len(rows), len(arms[0]))


def _one_item(metric: Callable[[Array, Array], float], true: Array, predicted: Array) -> float:
    """Mean square of what the metric changes by where one item is answered otherwise; 0 for other than classes."""
    if predicted.ndim != 2 or predicted.dtype.kind not in "iub":
        return 0.0
    answers = np.unique(np.concatenate([true, predicted[0]]))
    if len(answers) < 2:
        return 0.0
    before = metric(true, predicted[0])
    places = np.unique(np.linspace(0, len(true) - 1, _CHANGED).round().astype(int))
    changes: list[float] = []
    for place in places:
        changed = predicted[0].copy()
        wrong = answers[answers != true[place]]
        changed[place] = true[place] if changed[place] != true[place] else wrong[place % len(wrong)]
        changes.append(metric(true, changed) - before)
    return float(np.mean(np.square(changes)))
