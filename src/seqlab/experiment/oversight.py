"""`Overseer`: whoever ordered a run as one of many, such as a sweep."""

from typing import Literal, Protocol

from seqlab.results import EpochRow, RunResult

# What of a run is kept beside its settings, metrics and result.
Keep = Literal["nothing", "checkpoint", "predictions"]


class Overseer(Protocol):
    """May end a run early, and says what is kept of it.

    A run with an overseer is lean: settings, metrics and result are written, and what the overseer wants once it has
    seen the result. Figures and baselines can be made up for from the checkpoint (`finishing.finish`). It travels to
    the process that trains.

    Attributes:
        git_commit: looked up once for all runs.
        latency: whether the latency of a prediction is wanted, which takes a moment to measure.
    """

    git_commit: str | None
    latency: bool

    def begins(self) -> None:
        """Everything is ready; the first optimiser step comes next."""
        ...

    def epoch(self, row: EpochRow, best: EpochRow) -> bool:
        """An epoch is done; `best` is the best one so far.

        Returns:
            Whether to end the run here, as pruned.
        """
        ...

    def scored(self, result: RunResult) -> Keep:
        """The best epoch has been scored.

        Returns:
            What is kept: nothing more; the checkpoint of the best epoch; or predictions.parquet, of all parts that
            were scored (the test part if `evaluate_test` says so).
        """
        ...
