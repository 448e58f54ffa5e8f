"""Whether arms have learnt anything, and all that they could: chance level, and training that ended too early."""

import math
from collections.abc import Sequence

import numpy as np

from seqlab import stats
from seqlab.report.effort import Ending
from seqlab.report.evidence import Evidence, Reference, Results
from seqlab.report.metrics import OF_PREDICTIONS
from seqlab.report.recurrence import items_of, over_reference
from seqlab.report.sentences import listed
from seqlab.report.units import Unit

_MAJORITY = "majority class"
# Runs whose best epoch lies in this last part of the epochs that they were allowed were not at their end.
_LAST_PART = 0.1


def about_learning(evidence: Evidence, unit: Unit) -> list[str]:
    """Objections to arms at chance level and to arms whose training was cut off, one sentence or two each."""
    return [*_at_chance(evidence, unit), *_cut_off(evidence)]


def _at_chance(evidence: Evidence, unit: Unit) -> list[str]:
    found: dict[str, list[str]] = {}
    level = ""
    for results in evidence.results:
        chance = chance_of(evidence, results)
        names = [
            arm.name for arm in evidence.arms if chance and is_at_chance(evidence, results, arm.name, chance)
        ]
        if names and chance is not None:
            found[results.dataset] = names
            level = unit.level(float(np.nanmean(chance.scores)))
    if not found:
        return []
    above, learnt = (
        "not shown to be above the largest class alone",
        "Arms that have learnt nothing are alike by that.",
    )
    if len(evidence.results) > 1:
        each = [f"{listed(names)} on {dataset}" for dataset, names in found.items()]
        return [f"At chance level, {above}: {'; '.join([*each[:4], *_more(each)])}. {learnt}"]
    (names,) = found.values()
    verb = "is" if len(names) == 1 else "are"
    return [f"{listed(names)} {verb} at chance level: {above} ({level}). {learnt}"]


def _more(told: Sequence[str]) -> list[str]:
    return [f"and arms on {len(told) - 4:,} more data sets"] if len(told) > 4 else []


def chance_of(evidence: Evidence, results: Results) -> Reference | None:
    """What the largest class alone comes to on a data set: as it was measured, or from the truth; None if not known."""
    known = [r for r in evidence.references if r.name == _MAJORITY and r.dataset == results.dataset]
    metric, items = evidence.rules.metric, results.items
    if known:
        return known[0]
    if items is None or len(items.classes) < 2:
        return None
    if metric == "auroc":
        return Reference(name=_MAJORITY, dataset=results.dataset, scores=np.array([0.5]))
    if metric not in OF_PREDICTIONS:
        return None
    constant = np.full(len(items.truth), np.bincount(items.truth).argmax(), dtype=np.int64)
    right = (constant == items.truth).astype(np.float64)[None, :] if metric == "accuracy" else None
    scores = np.array([OF_PREDICTIONS[metric](items.truth, constant)])
    return Reference(name=_MAJORITY, dataset=results.dataset, scores=scores, item_scores=right)


def is_at_chance(evidence: Evidence, results: Results, arm: str, chance: Reference) -> bool:
    """Whether an arm is not shown to be above chance; by its items where there is one run, by its level at last."""
    rules = evidence.rules
    scores = results.scores.get(arm, np.full(0, np.nan))
    there = np.isfinite(scores)
    if not there.any():
        return False
    sign = 1.0 if rules.higher_is_better else -1.0
    mean = over_reference(results, arm, chance, rules.metric)
    items = items_of(results, arm, rules.metric)
    theirs = chance.item_scores
    if there.sum() == 1 and items is not None and theirs is not None and theirs.shape[1] == items.shape[1]:
        mean = stats.paired(items[there][0] - theirs[0])
    if mean is None or math.isnan(mean.se):
        return sign * float(scores[there].mean() - chance.scores.mean()) <= 0
    return min(sign * end for end in mean.interval(rules.confidence)) <= 0


def _cut_off(evidence: Evidence) -> list[str]:
    cut = {arm: [e for e in endings if _still_rising(e)] for arm, endings in evidence.endings.items()}
    late = {arm: rising for arm, rising in cut.items() if 2 * len(rising) > len(evidence.endings[arm])}
    if not late:
        return []
    told = [f"{arm} ({len(rising)} of {len(evidence.endings[arm])} runs)" for arm, rising in late.items()]
    allowed = sorted({ending.allowed for rising in late.values() for ending in rising})
    return [
        f"Training was cut off while it still got better: the best epoch lay in the last tenth of those allowed "
        f"({_numbers(allowed)}) for {listed(told)}. With more epochs the verdict could change."
    ]


def _still_rising(ending: Ending) -> bool:
    return ending.run >= ending.allowed and ending.best > (1 - _LAST_PART) * ending.allowed


def _numbers(values: Sequence[int]) -> str:
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"
