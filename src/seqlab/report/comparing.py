"""Two arms on one data set: their difference over common pairs, and where its chance comes from."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqlab import stats
from seqlab.report.evidence import FloatArray, IntArray, Results
from seqlab.report.metrics import OF_PREDICTIONS, OF_PROBABILITIES

# Calls of a metric that resampling may take, for one contrast.
_MOST_CALLS = 20_000
_MOST_ITEMS = 40_000_000
# With shares, a proportion's variance can be bounded without knowing who got which items right.
PROPORTIONS = ("accuracy", "acc", "test_accuracy", "error", "error_rate")

FEW_PAIRS = "one run says nothing about chance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A difference and what is known about its chance.

    Args:
        mean: of arm minus than.
        components: variances behind it; None where there can be no interval.
        a, b: scores of both over the common pairs [R].
        missing: pairs that only one of them has.
        items: test items whose luck is counted; None where it is not.
        groups: of them, where they were counted in groups.
        bounded: whether the luck of the test items is counted at the most that it can be.
        overlap: whether the interval was made longer, for training parts that overlap.
        paired: whether `a` and `b` belong together place by place.
        why_not: why there is no interval; empty where there is one.
    """

    mean: stats.Mean
    components: stats.Components | None
    a: FloatArray
    b: FloatArray
    missing: int = 0
    items: int | None = None
    groups: int | None = None
    bounded: bool = False
    overlap: bool = False
    paired: bool = True
    why_not: str = ""

    @property
    def pairs(self) -> int:
        """How many both have."""
        return min(len(self.a), len(self.b))

    @property
    def correlation(self) -> float:
        """Between the scores of both over pairs; NaN where it is not known."""
        if not self.paired or self.pairs < 3 or np.ptp(self.a) == 0 or np.ptp(self.b) == 0:
            return math.nan
        return float(np.corrcoef(self.a, self.b)[0, 1])

    @property
    def wins(self) -> float:
        """How likely a replicate of the arm scores higher than one of the other; NaN where there is none."""
        return float(stats.probability_of_improvement(self.a, self.b)[0]) if self.pairs > 1 else math.nan


def compare(results: Results, metric: str, arm: str, than: str) -> Compared:
    """Hold two arms against each other on one data set.

    Args:
        results: of all arms.
        metric: of the scores.
        arm: the one in question.
        than: the other.
    """
    absent = np.full(len(results.pairs), np.nan)
    first, second = results.scores.get(arm, absent), results.scores.get(than, absent)
    has_a, has_b = np.isfinite(first), np.isfinite(second)
    both = has_a & has_b
    a, b = first[both], second[both]
    missing = int((has_a ^ has_b).sum())
    value = float(np.mean(a - b)) if both.any() else math.nan
    none = stats.Mean(value=value, se=math.nan, df=math.nan)
    if not both.any():
        why = "they have no pair in common" if has_a.any() and has_b.any() else "one of them has no results"
        return Compared(mean=none, components=None, a=a, b=b, missing=missing, why_not=why)
    if not results.paired:
        return _unpaired(first[has_a], second[has_b])
    if both.sum() == 1:
        return Compared(mean=none, components=None, a=a, b=b, missing=missing, why_not=FEW_PAIRS)
    found = _by_items(results, metric, arm, than, both)
    if found is not None and math.isfinite(found[0].se):
        mean, components = found
        counted = groups_of(results)
        return Compared(
            mean=mean,
            components=components,
            a=a,
            b=b,
            missing=missing,
            items=_number_of_items(results, arm),
            groups=None if counted is None else components.items,
        )
    return _by_pairs(results, metric, a, b, missing)


def _unpaired(a: FloatArray, b: FloatArray) -> Compared:
    """Two arms whose runs have nothing in common: Welch's t (1947, Biometrika 34, 28-35)."""
    value = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        none = stats.Mean(value=value, se=math.nan, df=math.nan)
        return Compared(mean=none, components=None, a=a, b=b, paired=False, why_not=FEW_PAIRS)
    parts = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    variance = sum(parts)
    if variance <= 1e-24:
        why = "all runs of an arm show exactly the same score, so they say nothing about chance"
        none = stats.Mean(value=value, se=math.nan, df=math.nan)
        return Compared(mean=none, components=None, a=a, b=b, paired=False, why_not=why)
    df = variance**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    runs = min(len(a), len(b))
    components = stats.Components(
        replicate=variance * runs, item=0.0, interaction=0.0, replicates=runs, items=1
    )
    mean = stats.Mean(value=value, se=math.sqrt(variance), df=df)
    return Compared(mean=mean, components=components, a=a, b=b, paired=False)


def _number_of_items(results: Results, arm: str) -> int:
    return len(results.items.truth) if results.items is not None else results.item_scores[arm].shape[1]


def _by_items(
    results: Results, metric: str, arm: str, than: str, both: npt.NDArray[np.bool_]
) -> tuple[stats.Mean, stats.Components] | None:
    """The difference with the luck of pairs and test items; None where the items are not known."""
    if arm in results.item_scores and than in results.item_scores:
        return stats.crossed(
            results.item_scores[arm][both] - results.item_scores[than][both], groups_of(results)
        )
    items = results.items
    if items is None or arm not in items.predicted or than not in items.predicted or len(items.truth) < 2:
        return None
    if metric == "accuracy":
        right = [(items.predicted[name][both] == items.truth).astype(np.float64) for name in (arm, than)]
        return stats.crossed(right[0] - right[1], items.groups)
    if metric in OF_PREDICTIONS:
        a, b = (items.predicted[name][both] for name in (arm, than))
        return stats.crossed_metric(
            OF_PREDICTIONS[metric],
            items.truth,
            a,
            b,
            groups=items.groups,
            resamples=resamples(2 * len(a), len(items.truth)),
        )
    if metric in OF_PROBABILITIES and arm in items.probabilities and than in items.probabilities:
        a, b = (items.probabilities[name][both] for name in (arm, than))
        return stats.crossed_metric(
            OF_PROBABILITIES[metric],
            items.truth,
            a,
            b,
            groups=items.groups,
            resamples=resamples(4 * len(a), len(items.truth)),
        )
    return None


def groups_of(results: Results) -> IntArray | None:
    """Which test items belong together; None: each for itself."""
    return results.items.groups if results.items is not None else None


def resamples(calls: int, items: int) -> int:
    """How many resamples so many calls of a metric on so many test items leave time for; 200 are enough."""
    return max(200, min(1000, _MOST_CALLS // max(calls, 1), _MOST_ITEMS // max(calls * items, 1)))


def _by_pairs(results: Results, metric: str, a: FloatArray, b: FloatArray, missing: int) -> Compared:
    """The difference with the luck of pairs, and at most that of the test items where their number is known."""
    differences = a - b
    mean = stats.paired(differences)
    spread = float(differences.var(ddof=1))
    R = len(differences)
    if results.overlap:
        # Nadeau and Bengio 2003, Machine Learning 52, 239-281: training parts in common make scores alike.
        components = stats.Components(
            replicate=spread, item=spread * results.overlap, interaction=0.0, replicates=R, items=1
        )
        longer = stats.Mean(value=mean.value, se=math.sqrt(spread * (1 / R + results.overlap)), df=mean.df)
        return Compared(mean=longer, components=components, a=a, b=b, missing=missing, overlap=True)
    components = stats.Components(replicate=spread, item=0.0, interaction=0.0, replicates=R, items=1)
    size = results.test_size
    if size is not None and size > 1 and metric.lower() in PROPORTIONS:
        wrong = 2.0 - float(a.mean() + b.mean())
        most = max(min(wrong, 2.0 - wrong) - mean.value**2, 0.0)
        components = stats.Components(replicate=spread, item=most, interaction=0.0, replicates=R, items=size)
        se = math.sqrt(mean.se**2 + most / size)
        df = mean.df * (se / mean.se) ** 4 if mean.se > 0 else float(size - 1)
        wider = stats.Mean(value=mean.value, se=se, df=df)
        return Compared(
            mean=wider, components=components, a=a, b=b, missing=missing, items=size, bounded=True
        )
    why = ""
    if spread <= 1e-24 and mean.value != 0:
        why = f"all {results.pairs_are} show exactly the same difference, so they say nothing about chance"
    return Compared(mean=mean, components=None if why else components, a=a, b=b, missing=missing, why_not=why)
