"""How often pruning was wrong, arm by arm: the trials that it would have ended, and that were run to their end by lot.

A spared trial shows that pruning is wrong where it ended at least as well as the last of the arm's best trials that the
pruner let through, which are those that selection runs again. Each spared trial is held against those alone, not
against other spared ones, so that it counts as if it had been the only one. A tie counts as wrong: the pruner took for
worse what was as good.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seqlab import stats
from seqlab.report.effort import Trial, Tuning
from seqlab.report.evidence import Contrast
from seqlab.report.sentences import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the trials of an arm that its pruner wanted to end.

    Args:
        arm: whose; all repetitions of its tuning together.
        pruned: trials that it ended.
        spared: trials that it would have ended, and that were run to their end and could be judged.
        wrong: how many of these ended at least as well as the last of the best that it let through.
        low, high: exact interval of the share of wrong ones, at 95 %; NaN where none was spared.
    """

    arm: str
    pruned: int
    spared: int
    wrong: int
    low: float
    high: float


def audits(tuning: Tuning | None) -> list[Audit]:
    """An entry for every arm that was tuned with a pruner; none where there was none."""
    if tuning is None or tuning.pruner == "none":
        return []
    return [_audit(arm, tuning) for arm in dict.fromkeys(trial.arm for trial in tuning.trials)]


def _audit(arm: str, tuning: Tuning) -> Audit:
    own = [trial for trial in tuning.trials if trial.arm == arm]
    judged: list[bool] = []
    for number in dict.fromkeys(trial.tuning for trial in own):
        judged += _wrong([trial for trial in own if trial.tuning == number], tuning)
    low, high = stats.clopper_pearson(sum(judged), len(judged)) if judged else (math.nan, math.nan)
    pruned = sum(trial.state == "pruned" for trial in own)
    return Audit(arm=arm, pruned=pruned, spared=len(judged), wrong=sum(judged), low=low, high=high)


def _wrong(trials: Sequence[Trial], tuning: Tuning) -> list[bool]:
    """For every spared trial of one tuning, whether ending it would have been wrong."""
    sign = 1.0 if tuning.higher_is_better else -1.0
    through = [
        sign * trial.value
        for trial in trials
        if trial.state == "complete" and trial.value is not None and trial.spared_at is None
    ]
    if not through:  # nothing to hold them against
        return []
    last = sorted(through, reverse=True)[: tuning.candidates][-1]
    spared = [t for t in trials if t.spared_at is not None and t.state in ("complete", "diverged")]
    return [trial.value is not None and sign * trial.value >= last for trial in spared]


def share_in_words(audit: Audit) -> str:
    """The share of spared trials about which pruning was wrong, with its interval."""
    if not audit.spared:
        return "nothing can be said"
    interval = f"exact 95 % interval {_percent(audit.low)} to {_percent(audit.high)}"
    return f"{_percent(audit.wrong / audit.spared)} ({interval})"


def audits_in_words(tuning: Tuning | None) -> list[str]:
    """A sentence for every arm."""
    found: list[str] = []
    for audit in audits(tuning):
        assert tuning is not None
        words = f"{audit.arm}: {audit.pruned:,} trials were pruned, {audit.spared:,} more were spared; "
        if audit.spared:
            words += (
                f"{audit.wrong:,} of these ended at least as well as the last of the best {tuning.candidates} that "
                f"were let through: {share_in_words(audit)}."
            )
        else:
            words += "how often pruning was wrong cannot be said."
        found.append(words)
    return found


def pruning_cautions(tuning: Tuning | None) -> list[str]:
    """What can be objected to pruning, in one sentence or two."""
    found = [audit for audit in audits(tuning) if audit.pruned + audit.spared]
    if tuning is None or not found:
        return []
    counts = listed(
        [f"{a.wrong:,} of {a.spared:,} of {a.arm}, {share_in_words(a)}" for a in found if a.spared]
    )
    silent = listed([audit.arm for audit in found if not audit.spared])
    unknown = f" Of {silent} none was spared, so nothing can be said." if silent and counts else ""
    if not counts:
        return [
            f"Trials were ended early ({tuning.pruner}), and by chance none of them was among those that are spared: "
            "nothing can be said about how often that was wrong, or wrong more often in one arm than in another."
        ]
    if any(audit.wrong for audit in found):
        return [
            f"Pruning ({tuning.pruner}) was wrong about trials that were run on to find out: {counts}. As large a "
            f"share of those that were ended may have been among the best of their arm.{unknown}"
        ]
    return [
        f"Trials were ended early ({tuning.pruner}). Of those that were run on to find out, none would have been among "
        f"the best of its arm, but they are few: {counts}.{unknown}"
    ]


def beside_verdict(tuning: Tuning | None, contrast: Contrast) -> list[str]:
    """What a verdict is conditional on, where trials of its arms were ended early."""
    pair = (contrast.arm, contrast.than)
    found = [audit for audit in audits(tuning) if audit.arm in pair and audit.pruned + audit.spared]
    if tuning is None or not found:
        return []
    wrong = [f"{audit.wrong} of {audit.spared} of {audit.arm}" for audit in found if audit.wrong]
    words = f"with trials ended early ({tuning.pruner})"
    return [
        f"{words}, which was wrong about {listed(wrong)} that were run on to find out" if wrong else words
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
