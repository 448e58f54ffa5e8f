"""Whether recurrence is needed: said only where an arm beats everything that does without it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from seqlab import stats
from seqlab.report.evidence import Evidence, FloatArray, Reference, Results
from seqlab.report.sentences import listed
from seqlab.report.units import Unit

_NOT_NEEDED, _NEEDED = "Recurrence is not shown to be needed here", "Recurrence is needed here"


def recurrence(evidence: Evidence, unit: Unit) -> dict[str, str]:
    """A sentence for every arm; empty where there are no references."""
    if not evidence.references:
        return {}
    return {arm.name: _sentence(evidence, arm.name, unit) for arm in evidence.arms}


def in_short(evidence: Evidence, sentences: Mapping[str, str], unit: Unit) -> str:
    """What the sentences come to for all arms together; empty where they do not agree, or there are none."""
    if not sentences:
        return ""
    above = [words for results in evidence.results if (words := above_all_arms(evidence, results, unit))]
    if len(evidence.results) > 1:
        return (
            f"On {len(above):,} of {len(evidence.results):,} data sets a reference that knows nothing of recurrence "
            "stands above every arm."
            if above
            else ""
        )
    if all(sentence.startswith(_NOT_NEEDED) for sentence in sentences.values()):
        told = f" ({above[0]})" if above else ""
        return f"No arm beats all references{told}, so recurrence is not shown to be needed here."
    if all(sentence.startswith(_NEEDED) for sentence in sentences.values()):
        return "Recurrence is needed here: every arm beats all references."
    return ""


def above_all_arms(evidence: Evidence, results: Results, unit: Unit) -> str:
    """The best reference of all arms, if it scores above every one of them, in words; else empty."""
    sign = 1.0 if evidence.rules.higher_is_better else -1.0
    arms = {name: _mean(scores) for name, scores in results.scores.items() if np.isfinite(scores).any()}
    others = {
        named_with_cap(reference): _mean(reference.scores)
        for reference in evidence.references
        if reference.dataset == results.dataset
        and reference.of_arm is None
        and np.isfinite(reference.scores).any()
    }
    if not arms or not others:
        return ""
    best, top = (max(of, key=lambda name: sign * of[name]) for of in (arms, others))
    if sign * others[top] <= sign * arms[best]:
        return ""
    return f"{top} {unit.level(others[top])}, {best} {unit.level(arms[best])}"


def _mean(scores: FloatArray) -> float:
    return float(scores[np.isfinite(scores)].mean())


def _sentence(evidence: Evidence, arm: str, unit: Unit) -> str:
    words: list[str] = []
    many = len(evidence.results) > 1
    for results in evidence.results:
        against = [
            reference
            for reference in evidence.references
            if reference.dataset == results.dataset and reference.of_arm in (None, arm)
        ]
        if against:
            said = _on(evidence, results, arm, against, unit)
            words.append(f"On {results.dataset}: {said[0].lower()}{said[1:]}" if many else said)
    return " ".join(words)


def _on(evidence: Evidence, results: Results, arm: str, against: Sequence[Reference], unit: Unit) -> str:
    rules = evidence.rules
    sign = 1.0 if rules.higher_is_better else -1.0
    means = {
        named_with_cap(reference): over_reference(results, arm, reference, rules.metric)
        for reference in against
    }
    unknown = [name for name, mean in means.items() if mean is None or math.isnan(mean.se)]
    beaten, lost = [], []
    for name, mean in means.items():
        if mean is not None and name not in unknown:
            low, high = mean.interval(rules.confidence)
            (beaten if min(sign * low, sign * high) > 0 else lost).append((sign * mean.value, name, mean))
    if lost:
        gain, name, mean = min(lost, key=lambda row: row[0])
        others = [row[1] for row in lost if row[1] != name]
        more = f"; nor {listed(others, and_='nor')}" if others else ""
        return (
            f"{_NOT_NEEDED}: {arm} does not beat {name} "
            f"({_difference(gain, mean, sign, rules.confidence, unit)}){more}."
        )
    if unknown:
        return (
            f"Whether recurrence is needed here is open: {arm} against {listed(unknown)} has no interval, "
            "for one run says nothing about chance."
        )
    gain, name, mean = min(beaten, key=lambda row: row[0])
    closest = f"closest is {name}, {_difference(gain, mean, sign, rules.confidence, unit)}"
    absent = _absent(against, arm)
    if absent:
        return (
            f"Whether recurrence is needed here is open: {arm} beats all references that there are ({closest}), "
            f"but there is none {absent}."
        )
    return f"{_NEEDED}: {arm} beats all references ({closest})."


def _difference(gain: float, mean: stats.Mean, sign: float, confidence: float, unit: Unit) -> str:
    ends = sorted(sign * end for end in unit.interval(mean, confidence))
    digits = unit.decimals([gain, *ends], (ends[1] - ends[0]) / 2)
    return (
        f"difference {unit.short(gain, digits)}, {confidence * 100:g} % interval "
        f"{unit.number(ends[0], digits)} to {unit.number(ends[1], digits)}"
    )


def named_with_cap(reference: Reference) -> str:
    """A reference's name, with how little of the training data it was fitted to, where that is not all of them."""
    return f"{reference.name} ({reference.capped})" if reference.capped else reference.name


def _absent(against: Sequence[Reference], arm: str) -> str:
    """What would have to be beaten as well, in words; empty where nothing is missing."""
    names = " ".join(reference.name.lower() for reference in against)
    absent = []
    if "rocket" not in names:
        absent.append("of MiniRocket")
    if not any(word in names for word in ("pool", "mlp", "svm", "vector", "order-free", "order_free")):
        absent.append("of a model on pooled statistics")
    if not any(reference.of_arm == arm for reference in against):
        absent.append("of the arm on shuffled time")
    return listed(absent, and_="and")


def over_reference(results: Results, arm: str, reference: Reference, metric: str) -> stats.Mean | None:
    """The difference between an arm and a reference; None where one of them has no results."""
    scores = results.scores.get(arm)
    if scores is None or not np.isfinite(scores).any() or not len(reference.scores):
        return None
    there = np.isfinite(scores)
    items = items_of(results, arm, metric)
    theirs = reference.item_scores
    if items is not None and theirs is not None and items.shape[1] == theirs.shape[1] and there.sum() > 1:
        if theirs.shape == items.shape:
            return stats.crossed(items[there] - theirs[there], results.groups)[0]
        mean = stats.crossed(items[there] - theirs.mean(axis=0), results.groups)[0]
        return _with_chance_of(mean, theirs.mean(axis=1))
    ours, other = scores[there], reference.scores[np.isfinite(reference.scores)]
    if len(ours) < 2 or not len(other):
        return stats.Mean(value=float(ours.mean() - other.mean()), se=math.nan, df=math.nan)
    if len(other) == len(scores) and there.all():
        return stats.paired(ours - other)
    return _with_chance_of(stats.paired(ours - other.mean()), other)


def _with_chance_of(mean: stats.Mean, scores: FloatArray) -> stats.Mean:
    """The same difference, with the luck of the reference's own replicates (Welch)."""
    if len(scores) < 2:
        return mean
    own = float(scores.var(ddof=1)) / len(scores)
    if own == 0 or mean.se == 0:
        return mean
    total = mean.se**2 + own
    df = total**2 / (mean.se**4 / mean.df + own**2 / (len(scores) - 1))
    return stats.Mean(value=mean.value, se=math.sqrt(total), df=df)


def items_of(results: Results, arm: str, metric: str) -> FloatArray | None:
    """A score for every run and test item [R, N]; None where they are not known, or the metric is no mean over them."""
    if arm in results.item_scores:
        return results.item_scores[arm]
    if results.items is not None and metric == "accuracy" and arm in results.items.predicted:
        return (results.items.predicted[arm] == results.items.truth).astype(np.float64)
    return None
