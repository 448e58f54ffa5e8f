"""Before spending: how many runs a comparison is, and how long they take here."""

import itertools
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seqlab import files
from seqlab.comparison.jobs import job_of
from seqlab.comparison.labour import Labour
from seqlab.comparison.phases import Comparison
from seqlab.comparison.replicates import MOST_SHUFFLED
from seqlab.config.sweep import Scalar
from seqlab.results import METRICS_FILE, RunResult
from seqlab.sweep.coordinator import workers_for
from seqlab.sweep.pool import LOG_FILE, Worker
from seqlab.sweep.space import Parameter

_PROBE_EPOCHS = 4
# Seconds of a run that are not its epochs.
_AROUND = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One part of a comparison.

    Args:
        name: such as "tuning".
        runs: how many.
        epochs: of all of them together, at most.
        seconds: wall time with the workers that there are; NaN where it was not measured.
    """

    name: str
    runs: int
    epochs: int
    seconds: float


def phases_of(comparison: Comparison, seconds_per_epoch: dict[str, float], workers: int) -> list[Phase]:
    """What a comparison spends, at most.

    Args:
        comparison: prepared.
        seconds_per_epoch: arm -> training time of an epoch.
        workers: runs at a time.
    """
    config, protocol = comparison.sweep.config, comparison.sweep.config.protocol
    replicates = protocol.replicates[-1]
    counts = {
        "tuning": config.budget.trials * config.trial.runs,
        "selection": min(protocol.candidates, config.budget.trials)
        * protocol.reruns
        * (config.trial.folds or 1),
        "replicates": replicates,
        "shuffled in time": min(replicates, MOST_SHUFFLED) if protocol.references else 0,
    }
    found: list[Phase] = []
    for name, each in counts.items():
        seconds, epochs = 0.0, 0
        for arm in comparison.arms:
            own = arm.longest()
            epochs += each * own
            first = seconds_per_epoch.get(
                arm.name, seconds_per_epoch.get(arm.name.partition("~")[0], float("nan"))
            )
            seconds += each * (own * first + _AROUND)
        found.append(
            Phase(name=name, runs=each * len(comparison.arms), epochs=epochs, seconds=seconds / workers)
        )
    return found


def measured(comparison: Comparison, say: Callable[[str], None]) -> tuple[dict[str, float], int]:
    """Seconds per epoch of every arm, by a short training of each in turn; and how many workers there are."""
    sweep = comparison.sweep
    arms = [arm for arm in comparison.arms if "~" not in arm.name]
    first = arms[0].experiment(arms[0].walk(middle))
    count = workers_for(sweep.config.workers, first.trainer.threads, first.trainer.devices)
    with tempfile.TemporaryDirectory(prefix="seqlab-plan-") as folder:
        labour = Labour(
            [Worker(0, first.plugins, Path(folder) / LOG_FILE)], git_commit=None, retries=0, note=say
        )
        changes: dict[str, Scalar] = {"trainer.max_epochs": _PROBE_EPOCHS}
        try:
            jobs = [
                job_of(sweep, arm, arm.walk(middle), changes, Path(folder) / arm.name, "nothing")
                for arm in arms
            ]
            results = labour.run(jobs, lambda done, total: None)
            pairs = zip(arms, results, strict=True)
            return {arm.name: _per_epoch(result) for arm, result in pairs}, count
        finally:
            labour.stop()


def _per_epoch(result: RunResult) -> float:
    """The median time of an epoch but for the first, which carries what happens once."""
    ends = [float(row["seconds"]) for row in files.read_rows(result.run_dir / METRICS_FILE)]
    steps = [after - before for before, after in itertools.pairwise(ends)]
    return statistics.median(steps) if steps else float("nan")


def middle(parameter: Parameter) -> Scalar:
    """A value from the middle of a parameter's range, or its first choice."""
    if parameter.choices:
        return parameter.choices[0]
    low, high = parameter.low, parameter.high
    value = (low * high) ** 0.5 if parameter.config.log else (low + high) / 2
    return round(value) if parameter.config.type == "int" else value


def test_items(comparison: Comparison) -> int:
    """How many items the test part has; nothing else of it is looked at."""
    arm = comparison.arms[0]
    plain = arm.plain(arm.walk(middle))
    with tempfile.TemporaryDirectory(prefix="seqlab-plan-") as folder:
        worker = Worker(0, list(plain["plugins"]), Path(folder) / LOG_FILE)
        labour = Labour([worker], git_commit=None, retries=0, note=print)
        try:
            return int(labour.errand("seqlab.comparison.errands:test_size", {"settings": plain})[0])
        finally:
            labour.stop()
