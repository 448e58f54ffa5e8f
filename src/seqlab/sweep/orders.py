"""What coordinator and worker say to each other, over a pipe. Plain contents; neither needs torch to read them.

A worker gets an `Order`, answers with messages while it trains, and waits for a word where one is due: after
`Costs` (True: go on), `Epoch` of a sweep that prunes (True: stop here), `Scored` (True: keep the files). In a trial of
several folds it is `FoldDone` and not `Epoch` that asks whether to stop. A `Run` belongs to no study: nothing is asked,
and `Ended` is the answer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One run of a trial that has several.

    Args:
        settings: the whole experiment as plain contents.
        run_dir: where its files go, below the trial's.
        command: the command line that repeats it.
    """

    settings: dict[str, Any]
    run_dir: Path
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A trial to be run.

    Args:
        settings: the whole experiment as plain contents.
        run_dir: where its files go.
        command: the command line that repeats it.
        git_commit: of the code, looked up once.
        metrics: objectives, such as ("validation.accuracy", "cost.parameters").
        ask_costs: whether a constraint is waiting for the costs before anything is trained.
        latency: whether cost.latency_ms is wanted.
        prunes: whether an answer is due after every epoch, or after every fold.
        folds: the runs whose mean it is; none: it is a run itself.
    """

    settings: dict[str, Any]
    run_dir: Path
    command: str
    git_commit: str | None
    metrics: tuple[str, ...]
    ask_costs: bool
    latency: bool
    prunes: bool
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of its own, outside of any study; answered by `Ended`, after any number of `Note`.

    Args:
        settings: the whole experiment as plain contents.
        run_dir: where its files go.
        command: the command line that repeats it.
        git_commit: of the code, looked up once.
        keep: what is kept beside settings, metrics and result: nothing, the best epoch's checkpoint, or predictions.
    """

    settings: dict[str, Any]
    run_dir: Path
    command: str
    git_commit: str | None
    keep: Literal["nothing", "checkpoint", "predictions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsOf:
    """Settings whose costs are wanted, without training; answered by `Costs` with one entry each."""

    settings: list[dict[str, Any]]
    latency: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Work on a trial that has ended; answered by `Done`.

    Args:
        what: "finish" its files (predictions, figures, baselines), or "track": tell the tracker of its settings.
        settings: the whole experiment as plain contents.
        run_dir: where it lies.
    """

    what: Literal["finish", "track"]
    settings: dict[str, Any]
    run_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Something else to be done by a process that has imported everything; answered by `Done`.

    Args:
        target: "module:function" of our own code, which returns lines worth saying.
        arguments: of the function, by name.
    """

    target: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """Work beside trials is done; lines worth saying."""

    said: list[str]


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has imported everything and waits for orders."""


@dataclass(frozen=True, slots=True)
class Costs:
    """parameters, flops, state_size and, if wanted, latency_ms."""

    costs: list[dict[str, float | None]]


@dataclass(frozen=True, slots=True)
class Begins:
    """The first optimiser step comes next; seconds since the order arrived."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch is over: its number from 1, and the first objective at the best epoch so far.

    In a trial of several folds the epochs of all folds are counted on, and the value is the mean over the folds.
    """

    epoch: int
    value: float | None


@dataclass(frozen=True, slots=True)
class FoldDone:
    """A fold is over: its number from 1, and the first objective's mean over the folds so far."""

    number: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Scored:
    """The objectives at the best epoch; seconds since the last optimiser step."""

    values: tuple[float | None, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Note:
    """A line worth saying, such as why W&B is offline."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over and its files are written.

    Args:
        status: completed, pruned, failed, interrupted.
        cause: why not completed, in one word, as in result.json; "user" for settings or data that do not fit.
        reason: the same in words.
        epochs: trained.
        costs: of the network.
    """

    status: Literal["completed", "pruned", "failed", "interrupted", "infeasible"]
    cause: str | None
    reason: str | None
    epochs: int
    costs: dict[str, float | None]


Message = Done | Ready | Costs | Begins | Epoch | FoldDone | Scored | Note | Ended
