"""Two arms on one data set: their difference over common pairs, and where its chance comes from."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from seqlab import stats
from seqlab.report.evidence import FloatArray, Results
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
        seeds_in_tunings: share of the variance between tunings that comes from their seeds; None where tuning was
            not repeated.
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
    seeds_in_tunings: float | None = None

    def shares(self) -> dict[str, float] | None:
        """Share of the variance of the mean from "tuning", "seeds" and "test items"; None where it is not known."""
        known = self.items is not None or self.seeds_in_tunings is not None
        if self.components is None or not known or self.bounded:
            return None
        found = self.components.shares()
        if self.items is None:
            del found["test items"]
        if self.seeds_in_tunings is not None:
            runs = found.pop("seeds")
            of_seeds = runs * self.seeds_in_tunings
            found = {"tuning": runs - of_seeds, "seeds": of_seeds, **found}
        return found

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
        return _unpaired(results, metric, first[has_a], second[has_b])
    if both.sum() == 1:
        return Compared(mean=none, components=None, a=a, b=b, missing=missing, why_not=FEW_PAIRS)
    share = _seeds_in_tunings(results, arm, than)
    found = _by_items(results, metric, arm, than, both)
    if found is not None and math.isfinite(found[0].se):
        mean, components = found
        return Compared(
            mean=mean,
            components=components,
            a=a,
            b=b,
            missing=missing,
            items=_number_of_items(results, arm),
            groups=None if results.groups is None else components.items,
            seeds_in_tunings=share,
        )
    return replace(_by_pairs(results, metric, a, b, missing), seeds_in_tunings=share)


def _seeds_in_tunings(results: Results, arm: str, than: str) -> float | None:
    """How much of what tunings differ by is the luck of their seeds, by a nested analysis of variance."""
    if arm not in results.of_tunings or than not in results.of_tunings:
        return None
    differences = results.of_tunings[arm] - results.of_tunings[than]
    whole = differences[np.isfinite(differences).all(axis=1)]
    if min(whole.shape) < 2:
        return None
    between = float(whole.mean(axis=1).var(ddof=1))
    seeds = float(whole.var(axis=1, ddof=1).mean()) / whole.shape[1]
    return min(seeds / between, 1.0) if between > 0 else None


def _unpaired(results: Results, metric: str, a: FloatArray, b: FloatArray) -> Compared:
    """Two arms whose runs have nothing in common: Welch's t (1947, Biometrika 34, 28-35)."""
    none = stats.Mean(value=float(a.mean() - b.mean()), se=math.nan, df=math.nan)
    unknown = Compared(mean=none, components=None, a=a, b=b, paired=False)
    if min(len(a), len(b)) < 2:
        return replace(unknown, why_not=FEW_PAIRS)
    parts = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    variance, runs = sum(parts), min(len(a), len(b))
    still = variance <= _rounding(a, b) ** 2
    df = runs - 1.0
    if not still:
        df = variance**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    found = replace(
        unknown,
        mean=stats.Mean(value=none.value, se=math.sqrt(variance), df=df),
        components=stats.Components(
            replicate=variance * runs, item=0.0, interaction=0.0, replicates=runs, items=1
        ),
    )
    bounded = _with_most_of_items(found, results, metric)
    if still and not bounded.bounded:
        why = "all runs of an arm show exactly the same score, so they say nothing about chance"
        return replace(unknown, why_not=why)
    return bounded


def _rounding(a: FloatArray, b: FloatArray) -> float:
    """A spread that is nothing but the rounding of scores of this size."""
    return 1e-12 * float(max(np.abs(a).max(), np.abs(b).max()))


def _number_of_items(results: Results, arm: str) -> int:
    return len(results.items.truth) if results.items is not None else results.item_scores[arm].shape[1]


def _by_items(
    results: Results, metric: str, arm: str, than: str, both: npt.NDArray[np.bool_]
) -> tuple[stats.Mean, stats.Components] | None:
    """The difference with the luck of pairs and test items; None where the items are not known."""
    if arm in results.item_scores and than in results.item_scores:
        return stats.crossed(results.item_scores[arm][both] - results.item_scores[than][both], results.groups)
    items = results.items
    if items is None or arm not in items.predicted or than not in items.predicted or len(items.truth) < 2:
        return None
    if metric == "accuracy":
        right = [(items.predicted[name][both] == items.truth).astype(np.float64) for name in (arm, than)]
        return stats.crossed(right[0] - right[1], results.groups)
    if metric in OF_PREDICTIONS:
        a, b = (items.predicted[name][both] for name in (arm, than))
        return stats.crossed_metric(
            OF_PREDICTIONS[metric],
            items.truth,
            a,
            b,
            groups=results.groups,
            resamples=resamples(2 * len(a), len(items.truth)),
        )
    if metric in OF_PROBABILITIES and arm in items.probabilities and than in items.probabilities:
        a, b = (items.probabilities[name][both] for name in (arm, than))
        return stats.crossed_metric(
            OF_PROBABILITIES[metric],
            items.truth,
            a,
            b,
            groups=results.groups,
            resamples=resamples(4 * len(a), len(items.truth)),
        )
    return None


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
    found = Compared(mean=mean, components=components, a=a, b=b, missing=missing)
    bounded = _with_most_of_items(found, results, metric)
    why = "" if bounded.bounded else no_chance(a, b, results.pairs_are)
    return replace(found, components=None, why_not=why) if why else bounded


def no_chance(a: FloatArray, b: FloatArray, pairs_are: str) -> str:
    """Why the differences of pairs show no chance at all; empty where they do, or where both are the very same runs."""
    differences = a - b
    if len(a) < 2 or float(differences.var(ddof=1)) > _rounding(a, b) ** 2:
        return ""
    if not differences.any() and np.ptp(a) > 0:
        return ""
    shown = "difference" if differences.any() else "score"
    return f"all {pairs_are} show exactly the same {shown}, so they say nothing about chance"


def _with_most_of_items(found: Compared, results: Results, metric: str) -> Compared:
    """With the luck of the test items at the most that it can be, if scores are shares of a known number of items.

    Of one item the arms disagree at most where one of them is wrong, or where one is right; and one item more on which
    they do is always possible (the floor of `stats.crossed`).
    """
    size, mean = results.test_size, found.mean
    if size is None or size < 2 or metric.lower() not in PROPORTIONS or found.components is None:
        return found
    wrong = 2.0 - float(found.a.mean() + found.b.mean())
    most = max(min(wrong, 2.0 - wrong) - mean.value**2, 1 / (size - 1))
    se = math.sqrt(mean.se**2 + most / size)
    df = mean.df * (se / mean.se) ** 4 if mean.se > 0 else float(size - 1)
    return replace(
        found,
        mean=stats.Mean(value=mean.value, se=se, df=df),
        components=replace(found.components, item=most, items=size),
        items=size,
        bounded=True,
    )
