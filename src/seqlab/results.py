"""What runs and sweeps leave behind: the schemas of result.json, metrics.jsonl and trials.parquet.

See docs/run-directory.md.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from seqlab import files
from seqlab.errors import UserError

SCHEMA_VERSION = 1
RESULT_FILE = "result.json"
CONFIG_FILE = "config.yaml"
METRICS_FILE = "metrics.jsonl"
PREDICTIONS_FILE = "predictions.parquet"
BEST_CHECKPOINT = "checkpoints/best.ckpt"
LAST_CHECKPOINT = "checkpoints/last.ckpt"
FIGURES_FOLDER = "figures"
# The first line of config.yaml: by it a directory is known to be a run's.
CONFIG_HEADER = "# Settings of a seqlab run; run it again: python train.py --config THIS_FILE"
# What a run replaces in its directory, and nothing else: files, then folders.
OWN_FILES = (RESULT_FILE, CONFIG_FILE, METRICS_FILE, PREDICTIONS_FILE, "metrics.csv")
OWN_FOLDERS = ("checkpoints", FIGURES_FOLDER, "wandb", "tensorboard")

Status = Literal["completed", "failed", "interrupted", "pruned"]
# Whose fault it is that a run did not complete: the settings', the machine's, somebody's wish, or a program's.
Cause = Literal["diverged", "pruned", "disk", "memory", "stopped", "error"]
Part = Literal["train", "validation", "test"]
# Names of metrics in files and objectives; an undefined one is null.
METRICS = ("loss", "accuracy", "balanced_accuracy", "f1_macro", "auroc", "ece")
LOWER_IS_BETTER = frozenset({"loss", "ece"})
Scores = dict[str, float | None]


@dataclass(slots=True, kw_only=True)
class EpochRow:
    """One row of metrics.jsonl.

    Args:
        epoch: counted from 1.
        step: optimiser steps done by the end of the epoch.
        seconds: wall time since training began.
        lr: learning rate of the epoch's last step.
        train: scores over the epoch's training batches, as they were trained (dropout on).
        validation: scores on the validation part after the epoch.
    """

    epoch: int
    step: int
    seconds: float
    lr: float
    train: Scores
    validation: Scores

    def to_dict(self) -> dict[str, Any]:
        """Plain contents of the row."""
        return asdict(self)


# How a trial of a sweep stands. The first three use up budget; "failed" covers what was lost to the machine as well;
# "infeasible" was turned down by a constraint before it trained.
TrialState = Literal["complete", "pruned", "diverged", "failed", "infeasible", "running", "waiting"]
COUNTED_STATES: tuple[TrialState, ...] = ("complete", "pruned", "diverged")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One row of trials.parquet.

    Args:
        arm: name of its arm.
        number: its number within the arm's study, from 0; its run directory is trials/<arm>/<number>.
        state: how it stands.
        parameters: what the search chose: dotted setting -> value.
        values: one for every objective, in their order; None where there is none (empty while it runs).
        epochs: epochs trained.
        seconds: wall time from the order to the value.
        reason: why it was pruned, diverged, failed or turned down; None otherwise.
        retry_of: number of the trial whose place it takes, or None.
        machine: host name of where it was trained, whose sweep directory holds its files; None where not known.
        slot: its place in the arm's budget, from 0; a trial that is tried again has the same. None where not known.
        spared_at: epochs after which the pruner would have ended it, had it not been spared; None if it was not.
    """

    arm: str
    number: int
    state: TrialState
    parameters: dict[str, bool | int | float | str | None]
    values: tuple[float | None, ...] = ()
    epochs: int = 0
    seconds: float = 0.0
    reason: str | None = None
    retry_of: int | None = None
    machine: str | None = None
    slot: int | None = None
    spared_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """One line of the layer table.

    Args:
        name: what the layer is, in words.
        output: shape of its output for one sequence, such as "T x 128".
        parameters: trainable numbers.
        flops: floating-point operations for one sequence of the length asked for.
    """

    name: str
    output: str
    parameters: int
    flops: int


@dataclass(slots=True, kw_only=True)
class RunResult:
    """The contents of result.json. Every field is described in docs/run-directory.md.

    Args:
        name: the run's name.
        status: how it ended.
        reason: why it did not complete, in words; None if it did.
        cause: the same in one word; None if it did.
        seed: the run's seed.
        started: when, ISO 8601 with time zone.
        task: kind, classes, monitored metric, pooling.
        data: name, sizes, lengths, classes, features, missing values, content hash.
        model: cell, layers, width, direction and the like.
        cost: parameters, flops (per sequence of mean length), state_size, latency_ms, sequences_per_second.
        metrics: part -> metric -> value, at the best epoch.
        intervals: part -> metric -> [low, high], 95 %.
        baselines: baseline -> part -> metric -> value.
        most_confused: part -> [true class, predicted class, how often], most frequent first.
        epochs: {"run": how many, "best": which}.
        seconds: {"total": ..., "training": ...}.
        threads: CPU threads of each process.
        environment: versions and machine.
        git_commit: commit of the working directory's repository, with "+changes" if it was changed; or None.
        command: the command line that repeats the run.
        plugins: packages whose parts it used.
        run_dir: where it lies (not stored).
    """

    name: str
    status: Status
    reason: str | None = None
    cause: Cause | None = None
    seed: int
    started: str
    task: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float | None] = field(default_factory=dict)
    metrics: dict[str, Scores] = field(default_factory=dict)
    intervals: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    baselines: dict[str, dict[str, Scores]] = field(default_factory=dict)
    most_confused: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    threads: int
    environment: dict[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    command: str
    plugins: list[str] = field(default_factory=list)
    run_dir: Path

    def write(self) -> None:
        """Write result.json, whole."""
        content = asdict(self)
        del content["run_dir"]
        files.write_json(self.run_dir / RESULT_FILE, {"schema": SCHEMA_VERSION, **content})


def read_result(run_dir: Path) -> RunResult:
    """Read a run directory's result.json.

    Raises:
        UserError: if there is none, or it was written by a newer seqlab.
    """
    path = run_dir / RESULT_FILE
    if not path.is_file():
        raise UserError(f"{run_dir}: no run directory of seqlab (there is no {RESULT_FILE})")
    content: Any = files.read_json(path)
    version = content.get("schema") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise UserError(f"{path}: schema {version!r}; this seqlab reads schema {SCHEMA_VERSION}")
    return RunResult(run_dir=run_dir, **{key: value for key, value in content.items() if key != "schema"})
