"""How far a sweep is: counts and the best of every arm, the pace, the time left; the Pareto front.

Everything is computed from the rows of the trials alone, so that a sweep can be looked at while it runs and after.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqlab.config.sweep import BudgetConfig, ObjectiveConfig
from seqlab.results import COUNTED_STATES, TrialRow, TrialState
from seqlab.sweep.objectives import maximize


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmProgress:
    """How far one arm is.

    Args:
        arm: its name.
        counts: number of trials by state.
        budget: trials it may spend, or None where that is not known.
        best: its best trial, by the first objective where there are several; None before any is complete.
        front: size of its Pareto front; 0 or 1 where there is one objective.
        epochs: epochs trained, by all its trials.
        seconds: spent, by all its trials.
        mean_seconds: of a trial that used up budget; None before there is one.
        mean_epochs: likewise.
    """

    arm: str
    counts: Mapping[TrialState, int]
    budget: int | None
    best: TrialRow | None
    front: int
    epochs: int
    seconds: float
    mean_seconds: float | None
    mean_epochs: float | None

    @property
    def counted(self) -> int:
        """Trials that have used up budget: complete, pruned or diverged."""
        return sum(self.counts.get(state, 0) for state in COUNTED_STATES)

    @property
    def left(self) -> int | None:
        """Trials that it may still spend, those that run included; None where the budget is not known."""
        return None if self.budget is None else max(self.budget - self.counted, 0)

    @property
    def divergence_rate(self) -> float | None:
        """Share of the trials that used up budget whose loss became NaN or infinite; None before there is one."""
        return self.counts.get("diverged", 0) / self.counted if self.counted else None


def progress_of(
    rows: Sequence[TrialRow], budgets: Mapping[str, int | None], objectives: Sequence[ObjectiveConfig]
) -> list[ArmProgress]:
    """The progress of every arm, in the order of `budgets`; arms that only the rows know come last.

    Args:
        rows: the trials of all arms.
        budgets: arm -> trials that it may spend, or None where that is not known.
        objectives: what is improved.
    """
    by_arm: dict[str, list[TrialRow]] = {arm: [] for arm in budgets}
    for row in rows:
        by_arm.setdefault(row.arm, []).append(row)
    return [_arm_progress(arm, own, objectives, budgets.get(arm)) for arm, own in by_arm.items()]


def _arm_progress(
    arm: str, rows: Sequence[TrialRow], objectives: Sequence[ObjectiveConfig], budget: int | None
) -> ArmProgress:
    counted = [row for row in rows if row.state in COUNTED_STATES]
    return ArmProgress(
        arm=arm,
        counts=Counter(row.state for row in rows),
        budget=budget,
        best=next(iter(ranked(rows, objectives)), None),
        front=len(best_rows(rows, objectives)),
        epochs=sum(row.epochs for row in rows),
        seconds=sum(row.seconds for row in rows),
        mean_seconds=sum(row.seconds for row in counted) / len(counted) if counted else None,
        mean_epochs=sum(row.epochs for row in counted) / len(counted) if counted else None,
    )


def ranked(rows: Sequence[TrialRow], objectives: Sequence[ObjectiveConfig]) -> list[TrialRow]:
    """Complete trials, best first: by the first objective, then the second, ...; equal ones in the order given."""
    return sorted(_valued(rows, objectives), key=lambda row: _losses(row, objectives))


def best_rows(rows: Sequence[TrialRow], objectives: Sequence[ObjectiveConfig]) -> list[TrialRow]:
    """The best complete trial; with several objectives the Pareto front, by the first of them.

    Of equally good trials the first is the best; on a front all of them stand.
    """
    best = ranked(rows, objectives)
    if len(objectives) == 1:
        return best[:1]
    front: list[tuple[TrialRow, list[float]]] = []
    for row in best:  # whatever beats a row stands before it
        losses = _losses(row, objectives)
        if not any(_beats(other, losses) for _, other in front):
            front.append((row, losses))
    return [row for row, _ in front]


def _beats(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether `one` is nowhere worse and somewhere better."""
    pairs = list(zip(one, other, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _valued(rows: Sequence[TrialRow], objectives: Sequence[ObjectiveConfig]) -> list[TrialRow]:
    return [
        row
        for row in rows
        if row.state == "complete"
        and len(row.values) == len(objectives)
        and all(value is not None and math.isfinite(value) for value in row.values)
    ]


def _losses(row: TrialRow, objectives: Sequence[ObjectiveConfig]) -> list[float]:
    """The values, turned so that less is better."""
    pairs = zip(row.values, objectives, strict=True)
    return [math.inf if v is None else -v if maximize(o) else v for v, o in pairs]


def seconds_left(progress: Sequence[ArmProgress], budget: BudgetConfig, workers: int) -> float | None:
    """About how long the sweep will still take, or None before a trial has ended.

    An arm goes on until its first limit: trials, hours or epochs. What a trial takes is the mean of those that used up
    budget, of its own arm where there are any. Trials that run are taken to be half done.

    Args:
        progress: of every arm.
        budget: what every arm may spend.
        workers: trials at a time.
    """
    counted = sum(arm.counted for arm in progress)
    if not counted:
        return None
    mean_seconds = sum((arm.mean_seconds or 0.0) * arm.counted for arm in progress) / counted
    mean_epochs = sum((arm.mean_epochs or 0.0) * arm.counted for arm in progress) / counted
    trials, work = 0.0, 0.0
    for arm in progress:
        seconds = mean_seconds if arm.mean_seconds is None else arm.mean_seconds
        epochs = mean_epochs if arm.mean_epochs is None else arm.mean_epochs
        left = float(max(budget.trials - arm.counted, 0) if arm.left is None else arm.left)
        if budget.hours is not None and seconds > 0:
            left = min(left, max(budget.hours * 3600 - arm.seconds, 0) / seconds)
        if budget.epochs is not None and epochs > 0:
            left = min(left, max(budget.epochs - arm.epochs, 0) / epochs)
        trials += left
        work += max(left - 0.5 * min(arm.counts.get("running", 0), left), 0) * seconds
    return work / max(min(workers, trials), 1)


def trials_per_minute(before: Sequence[TrialRow], rows: Sequence[TrialRow], seconds: float) -> float | None:
    """Trials that used up budget since work began, for each minute; None in the first moments.

    Args:
        before: the rows that were there when work began.
        rows: the rows now.
        seconds: since work began.
    """
    ended = sum(r.state in COUNTED_STATES for r in rows) - sum(r.state in COUNTED_STATES for r in before)
    return ended / seconds * 60 if ended > 0 and seconds > 0 else None
