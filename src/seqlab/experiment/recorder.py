"""Follows a training epoch by epoch: files first, then tracker and screen; picks the best epoch; decides to stop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from seqlab import files
from seqlab.checkpoint import Checkpoint
from seqlab.experiment.oversight import Overseer
from seqlab.experiment.processes import in_one_piece
from seqlab.results import (
    BEST_CHECKPOINT,
    LAST_CHECKPOINT,
    LOWER_IS_BETTER,
    METRICS_FILE,
    EpochRow,
    LayerRow,
    RunResult,
)
from seqlab.trackers.base import Tracker

_SECONDS_BETWEEN_LAST_CHECKPOINTS = 10.0


class Watcher(Protocol):
    """Somebody who looks on, such as the screen."""

    def before(self, result: RunResult, layers: list[LayerRow], epochs: int) -> None:
        """Data and model are known; training begins."""
        ...

    def note(self, line: str) -> None:
        """A line worth saying."""
        ...

    def batch(self, epoch: int, done: int, batches: int) -> None:
        """An optimiser step is done."""
        ...

    def epoch(self, row: EpochRow, best_epoch: int) -> None:
        """An epoch is done."""
        ...

    def after(self, result: RunResult) -> None:
        """The run is over."""
        ...


class Recorder:
    """What happens at the end of each epoch.

    Every process of a run has one and comes to the same decisions; only the first process's writes.

    Args:
        run_dir: the run directory.
        monitor: the validation metric that picks the best epoch.
        patience: stop after so many epochs without a better one; None: never.
        checkpoint: makes a checkpoint of the network as it is now, for (epoch, step).
        tracker: follows every epoch; None on the processes that do not write.
        watcher: somebody who looks on, or None.
        overseer: may end the run, and has no checkpoints written meanwhile; None for a run of its own.
    """

    def __init__(
        self,
        *,
        run_dir: Path,
        monitor: str,
        patience: int | None,
        checkpoint: Callable[[int, int], Checkpoint],
        tracker: Tracker | None,
        watcher: Watcher | None,
        overseer: Overseer | None = None,
    ) -> None:
        self.rows: list[EpochRow] = []
        self.best: EpochRow | None = None
        self.best_checkpoint: Checkpoint | None = None
        self.pruned = False
        self._run_dir = run_dir
        self._monitor = monitor
        self._patience = patience
        self._checkpoint = checkpoint
        self._tracker = tracker
        self._watcher = watcher
        self._overseer = overseer
        self._last_saved = time.monotonic()
        self._improved = 0

    def on_batch(self, done: int, batches: int) -> None:
        """Pass an optimiser step on to the screen."""
        if self._watcher is not None:
            self._watcher.batch(len(self.rows) + 1, done, batches)

    def on_epoch(self, row: EpochRow) -> bool:
        """Keep an epoch's row, its checkpoints and what was told of it: all of them, or none.

        Returns:
            Whether to stop early.

        Raises:
            Interrupted: once the epoch is kept, if the run was asked to stop meanwhile.
        """
        with in_one_piece():
            stop = self._keep(row)
        if self._overseer is not None and self._tracker is not None:
            assert self.best is not None
            self.pruned = self._overseer.epoch(row, self.best)
        return stop or self.pruned

    def _keep(self, row: EpochRow) -> bool:
        self.rows.append(row)
        before = self.best
        # where nothing validates, the network after the last epoch is the result
        improved = before is None or not row.validation or better(row, before, self._monitor)
        if improved:
            self.best = row
        assert self.best is not None
        if self._tracker is not None:
            files.append_row(self._run_dir / METRICS_FILE, row.to_dict())
            if improved:
                self.best_checkpoint = self._checkpoint(row.epoch, row.step)
                if self._overseer is None:
                    self.best_checkpoint.save(self._run_dir / BEST_CHECKPOINT)
            if time.monotonic() - self._last_saved > _SECONDS_BETWEEN_LAST_CHECKPOINTS:
                self.save_last()
            self._tracker.log(row)
        if self._watcher is not None:
            self._watcher.epoch(row, self.best.epoch)
        if not row.validation:
            return False
        if improved and (before is None or _value(row, self._monitor) > _value(before, self._monitor)):
            self._improved = row.epoch
        return self._patience is not None and row.epoch - self._improved >= self._patience

    def save_last(self, step: int | None = None) -> None:
        """Write the network as it is, unless an overseer decides later what is kept.

        Args:
            step: optimiser steps done; None: those of the last whole epoch.
        """
        if self._tracker is not None and self.rows and self._overseer is None:
            row = self.rows[-1]
            self._checkpoint(row.epoch, step or row.step).save(self._run_dir / LAST_CHECKPOINT)
            self._last_saved = time.monotonic()


def better(row: EpochRow, than: EpochRow, monitor: str) -> bool:
    """Whether an epoch's validation scores beat another's: the monitored metric first, then the lower loss.

    An undefined score never wins over a defined one; where neither is defined, the loss decides.
    """
    mine, other = ((_value(r, monitor), _value(r, "loss")) for r in (row, than))
    return mine > other


def _value(row: EpochRow, metric: str) -> float:
    """A validation score so that higher is better; minus infinity where it is undefined."""
    value = row.validation[metric]
    if value is None:
        return -float("inf")
    return -value if metric in LOWER_IS_BETTER else value
