"""Which arms are held against each other beside the primary contrasts: all pairs, or the best against the rest."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqlab.report.evidence import Contrast, Evidence, FloatArray, Results

# With more arms, each is held against the best alone.
MOST_FOR_ALL_PAIRS = 4


def completed(evidence: Evidence) -> tuple[list[Contrast], list[Contrast]]:
    """Primary and exploratory contrasts; where the evidence names none of the latter, all that remain."""
    primary = [contrast for contrast in evidence.contrasts if contrast.primary]
    exploratory = [contrast for contrast in evidence.contrasts if not contrast.primary]
    if not exploratory:
        names = [arm.name for arm in evidence.arms]
        exploratory = remaining(primary, names, evidence.results, evidence.rules.higher_is_better)
    return primary, exploratory


def remaining(
    primary: Sequence[Contrast], arms: Sequence[str], results: Sequence[Results], higher_is_better: bool
) -> list[Contrast]:
    """Every pair that is not primary, the better mean first; with many arms, only the best against each other.

    Args:
        primary: those that were named.
        arms: of the report.
        results: of all data sets.
        higher_is_better: whether more of the metric is better.
    """
    means = mean_scores(arms, results)
    sign = -1.0 if higher_is_better else 1.0
    order = sorted(range(len(arms)), key=lambda n: sign * means[n] if np.isfinite(means[n]) else np.inf)
    best = [arms[n] for n in order]
    first = best if len(arms) <= MOST_FOR_ALL_PAIRS else best[:1]
    asked = {frozenset((contrast.arm, contrast.than)) for contrast in primary}
    return [
        Contrast(name=f"{a} against {b}", arm=a, than=b, primary=False)
        for place, a in enumerate(first)
        for b in best[place + 1 :]
        if frozenset((a, b)) not in asked
    ]


def mean_scores(arms: Sequence[str], results: Sequence[Results]) -> FloatArray:
    """Mean over the data sets that arms have in common [A]; NaN for an arm that lacks more than half of all."""
    table = table_of(arms, results)
    rows, columns = in_common(table)
    means = np.full(len(arms), np.nan)
    if rows.any():
        means[columns] = table[np.ix_(rows, columns)].mean(axis=0)
    return means


def table_of(arms: Sequence[str], results: Sequence[Results]) -> FloatArray:
    """Mean score of every arm on every data set [D, A]; NaN where there is none."""
    table = np.full((len(results), len(arms)), np.nan)
    for row, result in enumerate(results):
        absent = np.full(len(result.pairs), np.nan)
        scores = np.array([result.scores.get(arm, absent) for arm in arms]).reshape(len(arms), -1)
        there = np.isfinite(scores)
        counts = there.sum(axis=1)
        known = counts > 0
        table[row, known] = np.where(there, scores, 0.0).sum(axis=1)[known] / counts[known]
    return table


def in_common(table: FloatArray) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which data sets [D] and arms [A] make a fair table of means: an easy data set flatters whoever has it.

    Arms with results on at least half of the data sets that any arm has, on the data sets that all of these have.

    Args:
        table: mean scores [D, A].
    """
    there = np.isfinite(table)
    counts = there.sum(axis=0)
    columns = (counts > 0) & (2 * counts >= there.any(axis=1).sum())
    if not columns.any():
        return np.zeros(len(table), dtype=np.bool_), columns
    return np.asarray(there[:, columns].all(axis=1)), columns
