"""Several data sets: the unit is the data set. Differences with wins, ties and losses; ranks from ten data sets up.

The table is that of the multiple comparison matrix (Ismail-Fawaz et al. 2023, https://arxiv.org/abs/2305.11921; aeon's
`create_multi_comparison_matrix`); ranks, Friedman and Wilcoxon-Holm as in Demsar 2006, JMLR 7, 1-30.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqlab import stats
from seqlab.report.comparing import Compared, no_chance
from seqlab.report.contrasts import in_common, table_of
from seqlab.report.evidence import Evidence, FloatArray
from seqlab.report.findings import Estimate, OverDatasets
from seqlab.report.recurrence import named_with_cap
from seqlab.report.units import Unit

FEWEST_FOR_RANKS = 10
# Of all pairs of more arms there are too many to read, and of ranks too many to compute.
MOST_ARMS = 50
_TIE = 1e-12


class Pairs:
    """Scores of all arms on all pairs of all data sets in one array, so that thousands of differences take no time."""

    def __init__(self, evidence: Evidence) -> None:
        self._place = {arm.name: place for place, arm in enumerate(evidence.arms)}
        sizes = [len(results.pairs) for results in evidence.results]
        self._dataset = np.repeat(np.arange(len(sizes)), sizes)
        self._count = len(sizes)
        none = [np.full(size, np.nan) for size in sizes]
        self._scores = np.array(
            [
                np.concatenate([r.scores.get(arm.name, none[n]) for n, r in enumerate(evidence.results)])
                for arm in evidence.arms
            ]
        )

    def means(self, arm: str, than: str) -> tuple[FloatArray, FloatArray, int]:
        """Mean scores of two arms over common pairs, on every data set that both have; how many only one has."""
        first, second = (self._scores[self._place[name]] for name in (arm, than))
        has_a, has_b = np.isfinite(first), np.isfinite(second)
        both = has_a & has_b
        where = self._dataset[both]
        counts = np.bincount(where, minlength=self._count)
        there = counts > 0
        a, b = (np.bincount(where, x[both], self._count)[there] / counts[there] for x in (first, second))
        some = np.bincount(self._dataset[has_a ^ has_b], minlength=self._count) > 0
        return a, b, int((some & ~there).sum())

    def compare(self, arm: str, than: str) -> Compared:
        """Hold two arms against each other over data sets: one difference a data set."""
        a, b, missing = self.means(arm, than)
        value = float((a - b).mean()) if len(a) else math.nan
        if len(a) < 2:
            none = stats.Mean(value=value, se=math.nan, df=math.nan)
            why = "one data set says nothing about others" if len(a) else "they have no data set in common"
            return Compared(mean=none, components=None, a=a, b=b, missing=missing, why_not=why)
        spread = float((a - b).var(ddof=1))
        components = stats.Components(replicate=spread, item=0.0, interaction=0.0, replicates=len(a), items=1)
        return Compared(
            mean=stats.paired(a - b),
            components=components if spread > 0 else None,
            a=a,
            b=b,
            missing=missing,
            why_not=no_chance(a, b, "data sets"),
        )


def wins_ties_losses(a: FloatArray, b: FloatArray, higher_is_better: bool) -> tuple[int, int, int]:
    """On how many data sets the first did better, the same, worse."""
    gain = (a - b) * (1 if higher_is_better else -1)
    rounding = _TIE * np.maximum(np.abs(a), np.abs(b))
    ties = np.abs(gain) <= rounding
    return int((gain > rounding).sum()), int(ties.sum()), int((gain < -rounding).sum())


def over_datasets(evidence: Evidence, pairs: Pairs, unit: Unit) -> OverDatasets:
    """What several data sets say together; ranks only from ten data sets up that all ranked arms have."""
    names = [arm.name for arm in evidence.arms]
    table, higher = table_of(names, evidence.results), evidence.rules.higher_is_better
    rows, columns = in_common(table)
    fair = np.where(rows[:, None] | ~columns[None, :], table, np.nan)
    mean_ranks: dict[str, float] = {}
    friedman: float | None = None
    pairs_p: dict[tuple[str, str], float] = {}
    cliques: list[tuple[str, ...]] = []
    shown = best_arms(fair, higher)
    ranked = [column for column in shown if columns[column]]
    whole = table[:, ranked]
    whole = whole[np.isfinite(whole).all(axis=1)]
    if len(whole) >= FEWEST_FOR_RANKS and len(ranked) > 1:
        ranks = stats.rank_datasets(whole, higher)
        chosen = [names[column] for column in ranked]
        mean_ranks = {name: float(rank) for name, rank in zip(chosen, ranks.mean_ranks, strict=True)}
        # Friedman needs three arms
        friedman = float(ranks.friedman_p) if len(ranked) > 2 and math.isfinite(ranks.friedman_p) else None
        pairs_p = {
            (arm, than): float(ranks.pair_p[i, j])
            for i, arm in enumerate(chosen)
            for j, than in enumerate(chosen)
            if i != j
        }
        cliques = [tuple(chosen[column] for column in clique) for clique in ranks.cliques]
    return OverDatasets(
        datasets=[results.dataset for results in evidence.results],
        mean_ranks=mean_ranks,
        friedman_p=friedman,
        pairs_p=pairs_p,
        cliques=cliques,
        differences=_differences(evidence, pairs, [names[column] for column in shown]),
        means={
            name: _mean(fair[:, column], evidence.rules.confidence, unit) for column, name in enumerate(names)
        },
        references=_references(evidence, rows, unit),
    )


def _references(evidence: Evidence, rows: npt.NDArray[np.bool_], unit: Unit) -> dict[str, Estimate]:
    """Means of the references that are known on all data sets over which the arms' means are."""
    common = [results.dataset for results, there in zip(evidence.results, rows, strict=True) if there]
    found: dict[str, Estimate] = {}
    for name in dict.fromkeys(named_with_cap(reference) for reference in evidence.references):
        own = {r.dataset: r.scores for r in evidence.references if named_with_cap(r) == name}
        scores = [own[dataset][np.isfinite(own[dataset])] for dataset in common if dataset in own]
        if common and len(scores) == len(common) and all(map(len, scores)):
            means = np.array([float(values.mean()) for values in scores])
            found[name] = _mean(means, evidence.rules.confidence, unit)
    return found


def best_arms(table: FloatArray, higher_is_better: bool) -> list[int]:
    """Columns of the arms that are ranked, in their order: all, or the best of very many; none without any result."""
    there = [column for column in range(table.shape[1]) if np.isfinite(table[:, column]).any()]
    if len(there) <= MOST_ARMS:
        return there
    sign = -1.0 if higher_is_better else 1.0
    means = {column: sign * float(np.nanmean(table[:, column])) for column in there}
    return sorted(sorted(there, key=lambda column: means[column])[:MOST_ARMS])


def _differences(
    evidence: Evidence, paired: Pairs, names: Sequence[str]
) -> dict[tuple[str, str], tuple[float, int, int, int]]:
    asked = {(c.arm, c.than) for c in evidence.contrasts}
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if (b, a) not in asked]
    found: dict[tuple[str, str], tuple[float, int, int, int]] = {}
    for arm, than in dict.fromkeys([*((c.arm, c.than) for c in evidence.contrasts), *pairs]):
        a, b, _ = paired.means(arm, than)
        if len(a):
            outcome = wins_ties_losses(a, b, evidence.rules.higher_is_better)
            found[arm, than] = (float((a - b).mean()), *outcome)
    return found


def _mean(scores: FloatArray, confidence: float, unit: Unit) -> Estimate:
    values = scores[np.isfinite(scores)]
    if len(values) < 2:
        value = float(values[0]) if len(values) else math.nan
        return Estimate(value=value, low=math.nan, high=math.nan, replicates=len(values))
    mean = stats.paired(values)
    low, high = unit.cut(*mean.interval(confidence))
    return Estimate(value=mean.value, low=low, high=high, replicates=len(values))
