"""One configuration an arm: its best trials again on fresh seeds, of which the best on average is taken.

The best of many validation scores is too good to be true; scores on fresh seeds are not, but for the choice among few.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqlab.comparison.jobs import job_of, weights_seed
from seqlab.comparison.labour import Labour
from seqlab.config.sweep import Scalar
from seqlab.errors import UserError
from seqlab.replication import SELECTION_FOLDER, Chosen, arm_and_tuning
from seqlab.results import LOWER_IS_BETTER, RunResult, TrialRow, read_result
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import trial_dir
from seqlab.sweep.objectives import maximize
from seqlab.sweep.orders import Run
from seqlab.sweep.progress import ranked
from seqlab.sweep.space import Parameter

RATE = "optimizer.lr"
_FIRST_SEED = 500
_OUTER = 0.1
# Schedules that end with the last epoch: cut short they would be other schedules.
_WHOLE = ("cosine", "one_cycle")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    arm: ComposedArm
    row: TrialRow
    jobs: list[list[Run]]  # one list a seed, one job a fold


def select(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    rows: Sequence[TrialRow],
    labour: Labour,
    progress: Callable[[int, int], None],
) -> tuple[list[Chosen], dict[str, str]]:
    """Choose a configuration for every arm.

    Args:
        sweep: the sweep; its budget is spent.
        arms: composed; repetitions of a tuning among them.
        rows: all trials.
        labour: does the runs.
        progress: told how many runs are done, of how many.

    Returns:
        What was chosen, and arm -> why nothing could be.
    """
    failed: dict[str, str] = {}
    candidates: list[_Candidate] = []
    for arm in arms:
        complete = [row for row in rows if row.arm == arm.name and row.state == "complete"]
        own = sorted(ranked(complete, sweep.config.objective), key=lambda row: _rank(sweep, row))
        if not own:
            failed[arm.name] = "none of its trials came to an end"
        best = own[: sweep.config.protocol.candidates]
        candidates += [_Candidate(arm=arm, row=row, jobs=_jobs(sweep, arm, row)) for row in best]
    jobs = [job for candidate in candidates for of_seed in candidate.jobs for job in of_seed]
    results = dict(zip((job.run_dir for job in jobs), labour.run(jobs, progress), strict=True))
    chosen: list[Chosen] = []
    for arm in arms:
        own = [candidate for candidate in candidates if candidate.arm.name == arm.name]
        if own:
            there = [row for row in rows if row.arm == arm.name and row.state == "complete"]
            chosen.append(_choose(sweep, own, results, len(there)))
    return chosen, failed


def _rank(sweep: Sweep, row: TrialRow) -> tuple[float, float]:
    """By value, and of equal values by validation loss: many trials may be right on all of a small part."""
    objective, value = sweep.config.objective[0], row.values[0]
    worth = -math.inf if value is None else value if maximize(objective) else -value
    path = trial_dir(sweep.directory, row.arm, row.number)
    try:
        loss = read_result(path).metrics["validation"]["loss"]
    except (UserError, KeyError, OSError, ValueError):  # trained on another machine
        loss = None
    return -worth, math.inf if loss is None else loss


def _jobs(sweep: Sweep, arm: ComposedArm, row: TrialRow) -> list[list[Run]]:
    folder = sweep.directory / SELECTION_FOLDER / arm.name
    trial = sweep.config.trial
    parts = range(trial.folds or 1)  # dealt out anew for every seed, so that seeds are repetitions
    found: list[list[Run]] = []
    for n in range(sweep.config.protocol.reruns):
        seed = _FIRST_SEED + n
        changes: dict[str, Scalar] = {
            "seed": weights_seed(arm.name, seed),
            "data.split_seed": seed,
            "data.order_seed": seed,
        }
        of_seed: list[Run] = []
        for fold in parts:
            own, name = changes, f"{row.number}-{seed}"
            if trial.is_cross_validation:
                own, name = {**changes, "data.folds": trial.folds, "data.fold": fold}, f"{name}-{fold}"
            of_seed.append(job_of(sweep, arm, row.parameters, own, folder / name, "nothing"))
        found.append(of_seed)
    return found


def _choose(
    sweep: Sweep, candidates: Sequence[_Candidate], results: dict[Path, RunResult], complete: int
) -> Chosen:
    metric = sweep.config.objective[0].metric.partition(".")[2]
    lower = metric in LOWER_IS_BETTER
    scores = {c.row.number: _scores(c, results, metric) for c in candidates}

    def worth(candidate: _Candidate) -> float:
        mean = statistics.fmean(scores[candidate.row.number])
        return -math.inf if math.isnan(mean) else (-mean if lower else mean)

    def loss(candidate: _Candidate) -> float:
        mean = statistics.fmean(_scores(candidate, results, "loss"))
        return math.inf if math.isnan(mean) else mean

    best = max(candidates, key=lambda candidate: (worth(candidate), -loss(candidate)))
    alike = [c for c in candidates if worth(c) >= worth(best) - sweep.config.protocol.margin]
    perfect = not lower and worth(best) >= 1  # no rate could be better
    arm, tuning = arm_and_tuning(best.arm.name)
    runs = [results[job.run_dir] for of_seed in best.jobs for job in of_seed]
    experiment = best.arm.experiment(best.row.parameters)
    epochs = max(round(statistics.fmean([run.epochs.get("best", 1) for run in runs])), 1)
    return Chosen(
        arm=arm,
        tuning=tuning,
        trial=best.row.number,
        parameters=dict(best.row.parameters),
        epochs=experiment.trainer.max_epochs if experiment.scheduler.name in _WHOLE else epochs,
        reruns=_finite(scores[best.row.number]),
        candidates={str(number): _finite(found) for number, found in scores.items()},
        best_of=complete,
        best_value=best.row.values[0] if best.row.values else None,
        at_edge=[] if perfect else _at_edge(best, alike),
    )


def _scores(candidate: _Candidate, results: dict[Path, RunResult], metric: str) -> list[float]:
    """A candidate's validation score for every seed, the mean over its folds; NaN where a run diverged."""
    found: list[float] = []
    for of_seed in candidate.jobs:
        of_folds = [results[job.run_dir].metrics.get("validation", {}).get(metric) for job in of_seed]
        diverged = any(results[job.run_dir].status != "completed" for job in of_seed)
        values = [value for value in of_folds if value is not None]
        found.append(statistics.fmean(values) if len(values) == len(of_seed) and not diverged else math.nan)
    return found


def _finite(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def _at_edge(best: _Candidate, candidates: Sequence[_Candidate]) -> list[str]:
    """The learning rate, if that of the chosen trial, or of two that are as good, lies in the outer tenth."""
    parameter = next((p for p in best.arm.parameters if p.key == RATE), None)
    if parameter is None or parameter.choices:
        return []
    outer = [c.row.number for c in candidates if _is_outer(parameter, c.row.parameters.get(RATE))]
    return [RATE] if best.row.number in outer or len(outer) > 1 else []


def _is_outer(parameter: Parameter, value: Scalar) -> bool:
    if not isinstance(value, (int, float)):
        return False
    scale = math.log if parameter.config.log else float
    share = (scale(value) - scale(parameter.low)) / (scale(parameter.high) - scale(parameter.low))
    return min(share, 1 - share) < _OUTER
