"""`Overseer`: whoever ordered a run as one of many, such as a sweep."""

from typing import Protocol

from seqlab.results import EpochRow, RunResult


class Overseer(Protocol):
    """May end a run early, and says what is kept of it.

    A run with an overseer is lean: settings, metrics and result are written; checkpoints, predictions, figures and
    baselines only if the overseer wants them once it has seen the result. It travels to the process that trains.

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

    def scored(self, result: RunResult) -> bool:
        """The best epoch has been scored.

        Returns:
            Whether to keep checkpoint, predictions and figures.
        """
        ...
