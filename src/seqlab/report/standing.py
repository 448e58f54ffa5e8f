"""The leaderboard: arms and references on every data set, best first, with intervals."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from seqlab import stats
from seqlab.report.comparing import PROPORTIONS, resamples
from seqlab.report.evidence import Evidence, FloatArray, IntArray, Items, Reference, Results
from seqlab.report.findings import Estimate, Standing
from seqlab.report.metrics import OF_PREDICTIONS, OF_PROBABILITIES
from seqlab.report.units import Unit, unit_of


def standings(evidence: Evidence) -> list[Standing]:
    """Lines of the leaderboard: data set by data set, best first, arms without any result last."""
    sign = -1.0 if evidence.rules.higher_is_better else 1.0
    found: list[Standing] = []
    unit = unit_of(evidence)
    for results in evidence.results:
        lines = [_of_arm(evidence, results, arm.name) for arm in evidence.arms]
        lines += [
            _of_reference(evidence, reference)
            for reference in evidence.references
            if reference.dataset == results.dataset
        ]
        found += sorted(
            [_within_bounds(line, unit) for line in lines],
            key=lambda line: sign * line.score.value if math.isfinite(line.score.value) else math.inf,
        )
    return found


def _within_bounds(line: Standing, unit: Unit) -> Standing:
    """A share lies between 0 and 1, and so do the ends of its interval."""
    score = line.score
    if not unit.lowest <= score.value <= unit.highest or not math.isfinite(score.low):
        return line
    low, high = unit.cut(score.low, score.high)
    return dataclasses.replace(line, score=dataclasses.replace(score, low=low, high=high))


def _of_arm(evidence: Evidence, results: Results, name: str) -> Standing:
    scores = results.scores.get(name, np.full(len(results.pairs), np.nan))
    there = np.isfinite(scores)
    values = scores[there]
    score = _estimate(evidence, values, results, name, there)
    return Standing(
        name=name,
        dataset=results.dataset,
        score=score,
        middle=_middle(values),
        values=[float(v) for v in values],
    )


def _of_reference(evidence: Evidence, reference: Reference) -> Standing:
    values = reference.scores[np.isfinite(reference.scores)]
    confidence = evidence.rules.confidence
    items = reference.item_scores
    if items is not None and items.shape[1] > 1 and len(values):
        score = _by_items(items, confidence)
    else:
        score = _by_values(values, confidence)
    return Standing(
        name=reference.name,
        dataset=reference.dataset,
        score=score,
        middle=_middle(values),
        values=[float(v) for v in values],
        reference=True,
        of_arm=reference.of_arm,
        capped=reference.capped,
    )


def _estimate(
    evidence: Evidence, values: FloatArray, results: Results, name: str, there: npt.NDArray[np.bool_]
) -> Estimate:
    rules, items = evidence.rules, results.items
    if len(values) and name in results.item_scores and results.item_scores[name].shape[1] > 1:
        return _by_items(results.item_scores[name][there], rules.confidence, results.groups)
    if len(values) and items is not None and name in items.predicted and len(items.truth) > 1:
        if rules.metric == "accuracy":
            right = (items.predicted[name][there] == items.truth).astype(np.float64)
            return _by_items(right, rules.confidence, results.groups)
        mean = _resampled(items, results.groups, rules.metric, name, there)
        if mean is not None and math.isfinite(mean.se):
            return _from(mean, rules.confidence, len(values), len(items.truth))
    size = results.test_size
    if size is not None and len(values) and rules.metric.lower() in PROPORTIONS:
        return _with_binomial(values, size, rules.confidence)
    return _by_values(values, rules.confidence)


def _resampled(
    items: Items, groups: IntArray | None, metric: str, name: str, there: npt.NDArray[np.bool_]
) -> stats.Mean | None:
    """A metric that is no mean over items, with the luck of both; None where what it needs is not known."""
    calls = resamples(4 * int(there.sum()), len(items.truth))
    if metric in OF_PREDICTIONS:
        said, how = items.predicted[name][there], OF_PREDICTIONS[metric]
        return stats.crossed_metric(how, items.truth, said, None, groups=groups, resamples=calls)[0]
    if metric in OF_PROBABILITIES and name in items.probabilities:
        chances, how = items.probabilities[name][there], OF_PROBABILITIES[metric]
        return stats.crossed_metric(how, items.truth, chances, None, groups=groups, resamples=calls)[0]
    return None


def _by_items(scores: FloatArray, confidence: float, groups: IntArray | None = None) -> Estimate:
    if len(scores) == 1:
        return _one_run(scores[0], confidence, groups)
    mean, _ = stats.crossed(scores, groups)
    return _from(mean, confidence, *scores.shape)


def _one_run(scores: FloatArray, confidence: float, groups: IntArray | None) -> Estimate:
    """Of one run: the luck of the test items alone."""
    N = len(scores)
    if groups is not None:
        _, known = stats.crossed(scores[None], groups)
        mean = stats.Mean(float(scores.mean()), math.sqrt(known.item / known.items), known.items - 1.0)
        return _from(mean, confidence, 1, N)
    if np.isin(scores, (0.0, 1.0)).all():
        low, high = stats.wilson(int(scores.sum()), N, confidence)
    else:
        low, high = stats.paired(scores).interval(confidence)
    return Estimate(value=float(scores.mean()), low=low, high=high, replicates=1, items=N)


def _with_binomial(values: FloatArray, size: int, confidence: float) -> Estimate:
    value = float(values.mean())
    if len(values) == 1:
        low, high = stats.wilson(min(size, max(0, round(value * size))), size, confidence)
        return Estimate(value=value, low=low, high=high, replicates=1, items=size)
    mean = stats.paired(values)
    # At 0 and 1 as much as `stats.crossed` leaves an arm that is right on everything
    se = math.sqrt(mean.se**2 + max(value * (1 - value), 4 / size) / size)
    df = mean.df * (se / mean.se) ** 4 if mean.se > 0 else float(size - 1)
    return _from(stats.Mean(value=value, se=se, df=df), confidence, len(values), size)


def _by_values(values: FloatArray, confidence: float) -> Estimate:
    if len(values) < 2:
        value = float(values[0]) if len(values) else math.nan
        return Estimate(value=value, low=math.nan, high=math.nan, replicates=len(values))
    mean = stats.paired(values)
    if mean.se == 0:  # the same score every time says nothing about chance
        mean = stats.Mean(mean.value, math.nan, math.nan)
    return _from(mean, confidence, len(values), None)


def _from(mean: stats.Mean, confidence: float, replicates: int, items: int | None) -> Estimate:
    low, high = mean.interval(confidence)
    return Estimate(value=mean.value, low=low, high=high, replicates=replicates, items=items)


def _middle(values: FloatArray) -> float:
    return float(stats.interquartile_mean(values)) if len(values) >= 4 else math.nan
