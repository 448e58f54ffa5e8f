"""What a hostile reviewer would object to, said before he does."""

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from seqlab.report.contrasts import in_common, table_of
from seqlab.report.evidence import MANY_TUNINGS, Evidence, FloatArray
from seqlab.report.findings import OverDatasets, Standing, Verdict
from seqlab.report.learnt import about_learning
from seqlab.report.pruned import audits, pruning_cautions
from seqlab.report.sentences import counted, listed
from seqlab.report.units import Unit, is_share

FEW = 5
_FEW_WORDS = (
    f"below {FEW} an interval rests on hardly anything but the assumption that differences are normally distributed"
)  # fmt: skip
# Data sets whose scores lie further apart than so many times do not count alike in a mean.
_APART = 10.0
# Arms whose effort differs by more than a tenth were not treated alike.
_UNEVEN = 1.1


def read_before(evidence: Evidence) -> int:
    """How often others had read a test part before this."""
    own = [_when(reading.when) for reading in evidence.register if reading.own]
    first = min((when for when in own if when is not None), default=None)
    others = [_when(reading.when) for reading in evidence.register if not reading.own]
    return sum(first is None or when is None or when < first for when in others)


def _when(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def cautions(
    evidence: Evidence,
    unit: Unit,
    verdicts: Sequence[Verdict],
    standings: Sequence[Standing],
    over: OverDatasets | None,
) -> list[str]:
    """Objections, the gravest first; one sentence or two each."""
    pruning = pruning_cautions(evidence.tuning)
    found = [
        *_about_little_tuning(evidence),
        *about_learning(evidence, unit),
        *(pruning if any(audit.wrong for audit in audits(evidence.tuning)) else []),
        *_about_chance(evidence, verdicts),
        *_about_limits(unit, verdicts, standings, over),
        *_about_choice(evidence),
        *pruning,
        *_about_effort(evidence),
        *_about_references(evidence),
    ]
    return list(dict.fromkeys(found))


def _about_chance(evidence: Evidence, verdicts: Sequence[Verdict]) -> list[str]:
    many = len(evidence.results) > 1
    found = [*_identical(evidence), *(_scales(evidence) if many else [])]
    if not many and verdicts:
        fewest = min(verdict.difference.replicates for verdict in verdicts)
        if fewest < FEW:
            are = evidence.results[0].pairs_are
            rests = "they have no interval" if fewest < 2 else _FEW_WORDS
            found.append(f"There are contrasts with {counted(fewest, are)} only: {rests}.")
        if all(verdict.difference.items is None for verdict in verdicts):
            found.append(_no_items(evidence))
        if evidence.results[0].overlap:
            found.append(
                "The pairs are splits of one set whose training parts overlap; intervals are made longer for it, which "
                "is an approximation (Nadeau and Bengio 2003)."
            )
        elif evidence.results[0].pairs_are in ("folds", "resamples", "splits"):
            found.append(
                f"The {evidence.results[0].pairs_are} are drawn from one set: their training parts overlap, so "
                "intervals are too short by an amount that is not known (--overlap TEST/TRAIN corrects for it)."
            )
    if many:
        found.append(
            f"The unit is the data set: the interval tells about data sets like these {len(evidence.results)}, and "
            "they were not drawn at random. Verdicts on single data sets are exploratory."
        )
        if len(evidence.results) < 10:
            found.append(
                "Fewer than ten data sets: ranks and their tests would say little, and are left out."
            )
        found += _uncommon(evidence)
        sizes = {len(results.pairs) for results in evidence.results}
        if sizes == {1}:
            found.append(
                "One score of every arm on every data set: the luck of runs is part of the differences."
            )
    elif evidence.results:
        found.append("One data set: nothing here tells about others.")
    missing = sum(
        int((~np.isfinite(scores)).sum())
        for results in evidence.results
        if results.paired
        for scores in results.scores.values()
    )
    if missing:
        found.append(
            f"{counted(missing, 'scores')} {'is' if missing == 1 else 'are'} missing; contrasts use the pairs that "
            "both arms have. If runs are missing because they failed, that flatters their arm."
        )
    return found


def _uncommon(evidence: Evidence) -> list[str]:
    names = [arm.name for arm in evidence.arms]
    rows, columns = in_common(table_of(names, evidence.results))
    few = [name for name, there in zip(names, columns, strict=True) if not there]
    found: list[str] = []
    if not rows.all():
        found.append(
            f"Not all arms have all data sets: means and ranks are over the {int(rows.sum()):,} that are common; "
            "contrasts are over those that both arms have."
        )
    if few:
        found.append(
            f"Of {listed(few)} there are too few data sets: means are over their own, and not comparable."
        )
    return found


def _scales(evidence: Evidence) -> list[str]:
    """Data sets on scales of their own: errors in units of what is predicted."""
    if is_share(evidence.rules.metric, evidence.rules.higher_is_better, _all_scores(evidence)):
        return []
    table = np.abs(table_of([arm.name for arm in evidence.arms], evidence.results))
    sizes = [float(np.nanmedian(row)) for row in table if np.isfinite(row).any()]
    sizes = [size for size in sizes if size > 0]
    if len(sizes) < 2 or max(sizes) < _APART * min(sizes):
        return []
    return [
        f"Scores of data sets lie up to {max(sizes) / min(sizes):,.0f} times apart: means and differences over data "
        "sets are ruled by the largest. Divide the scores of every data set by those of a baseline, or trust ranks "
        "alone."
    ]


def _all_scores(evidence: Evidence) -> list[FloatArray]:
    return [scores for results in evidence.results for scores in results.scores.values()]


def _identical(evidence: Evidence) -> list[str]:
    """Arms that cannot be two: by chance no two have the same scores in many runs, unless all are perfect."""
    kin: dict[bytes, list[str]] = {}
    for arm in evidence.arms:
        rows = [
            results.scores.get(arm.name, np.full(len(results.pairs), np.nan)) for results in evidence.results
        ]
        scores = np.concatenate(rows) if rows else np.zeros(0)
        if np.isfinite(scores).sum() > 2 and np.ptp(scores[np.isfinite(scores)]) > 0:
            kin.setdefault(scores.tobytes(), []).append(arm.name)
    alike = [listed(names) for names in kin.values() if len(names) > 1]
    return (
        [f"Exactly the same scores in every run: {'; '.join(alike)}. Are they the same runs?"]
        if alike
        else []
    )


def _no_items(evidence: Evidence) -> str:
    if evidence.results[0].pairs_are in ("folds", "resamples", "splits"):
        return (
            "Predictions for single test items are not known; the luck of the test items is in the differences between "
            "splits."
        )
    return (
        "Predictions for single test items are not known, so the luck of the test items is not in the intervals: they "
        "are too short, and differences between equal arms look certain more often than they should."
    )


def _about_limits(
    unit: Unit, verdicts: Sequence[Verdict], standings: Sequence[Standing], over: OverDatasets | None
) -> list[str]:
    """Intervals that were cut where no score can lie."""
    levels = [line.score for line in standings] + (list(over.means.values()) if over is not None else [])
    span = unit.highest - unit.lowest
    ends = [(e, unit.lowest, unit.highest) for e in levels] + [(v.difference, -span, span) for v in verdicts]
    cut = [e for e, low, high in ends if e.low == low < e.value or e.high == high > e.value]
    if not cut or not math.isfinite(unit.lowest):
        return []
    limits = "0 and 100 %" if unit.points else "0"
    return [
        f"Intervals that would go beyond {limits} are cut there: so near a limit, or with so few scores, the "
        "assumption that they are normally distributed is rough."
    ]


def _about_references(evidence: Evidence) -> list[str]:
    capped = [
        f"{reference.name} was {reference.capped}"
        + (f" on {reference.dataset}" if len(evidence.results) > 1 else "")
        for reference in evidence.references
        if reference.capped
    ]
    if not capped:
        return []
    return [f"References did not see all training data, with which they may be better: {listed(capped)}."]


def _about_choice(evidence: Evidence) -> list[str]:
    found: list[str] = []
    rules = evidence.rules
    if not rules.frozen:
        found.append(
            "Contrasts and margin were not fixed before the results were seen, as far as this report knows."
        )
    if before := read_before(evidence):
        found.append(
            f"The test part had been read before, {'once' if before == 1 else f'{before} times'}: choices may have "
            "been made by it, and verdicts are exploratory."
        )
    if rules.tunings is not None and rules.tunings < MANY_TUNINGS:
        found.append(
            f"Tuning was done {'once' if rules.tunings == 1 else f'{rules.tunings} times'}: its own luck is not in the "
            "intervals, so verdicts hold for these configurations."
        )
    found += rules.deviations
    tuning = evidence.tuning
    if tuning is not None and tuning.trials and not tuning.reruns:
        found.append(
            "Configurations were chosen as the best of many on validation data; their validation scores are too good "
            "as estimates."
        )
    return found


def _about_little_tuning(evidence: Evidence) -> list[str]:
    trials = [row.tuning_trials for row in evidence.ledger if row.tuning_trials]
    if not trials or min(trials) >= FEW:
        return []
    return [
        f"Arms had {min(trials)} trials of tuning or little more: what differs may be the luck of the settings that "
        "were tried, which no interval here counts."
    ]


def _about_effort(evidence: Evidence) -> list[str]:
    found: list[str] = []
    trials = [row.tuning_trials for row in evidence.ledger]
    if len(trials) > 1 and max(trials) > _UNEVEN * max(min(trials), 1):
        least = min(evidence.ledger, key=lambda row: row.tuning_trials)
        most = max(evidence.ledger, key=lambda row: row.tuning_trials)
        found.append(
            f"Effort was uneven: {most.arm} had {most.tuning_trials:,} trials, {least.arm} {least.tuning_trials:,}."
        )
    failed = [f"{row.arm} {row.states['failed']:,}" for row in evidence.ledger if row.states.get("failed", 0)]
    if failed:
        found.append(f"Trials of some arms failed for reasons of their surroundings: {listed(failed)}.")
    if evidence.tuning is not None:
        found += [f"No verdict on {arm}: {why}." for arm, why in evidence.tuning.blocked.items()]
    return found
