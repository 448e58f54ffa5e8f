"""A trial of several folds: a run for each, one after the other in one worker, and their mean as the trial's result."""

import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from seqlab.errors import RunFailed
from seqlab.experiment.directory import of_the_disk
from seqlab.experiment.endings import reason_of
from seqlab.experiment.oversight import Keep, Overseer
from seqlab.experiment.processes import Interrupted, interruptible
from seqlab.results import EpochRow, RunResult
from seqlab.sweep.keeping import drop_files
from seqlab.sweep.orders import Begins, Ended, Epoch, Fold, FoldDone, Order, Scored
from seqlab.sweep.overseers import Line, objective_value, value_at

# Trains one run under an overseer, who is given the line by which it speaks.
Train = Callable[[Fold, Callable[[Line], Overseer]], RunResult]


class FoldForeman:
    """The overseer of one fold, who tells how far the whole trial is.

    Args:
        order: the trial.
        before: what the folds before came to.
        arrived: when the order did, by the monotonic clock.
        line: to whoever decides; picklable where the fold trains in processes of its own.
    """

    def __init__(self, order: Order, before: Sequence[RunResult], arrived: float, line: Line) -> None:
        self.git_commit = order.git_commit
        self.latency = order.latency
        self._metric = order.metrics[0]
        values = [objective_value(result, self._metric) for result in before]
        self._values = [value for value in values if value is not None]
        self._is_first, self._epochs = not before, _epochs(before)
        self._arrived, self._line = arrived, line

    def begins(self) -> None:
        """Tell, of the first fold, how long it took to get here."""
        if self._is_first:
            self._line.send(Begins(time.monotonic() - self._arrived))

    def epoch(self, row: EpochRow, best: EpochRow) -> bool:
        """Tell of an epoch; folds are not ended early."""
        value = value_at(best, self._metric)
        known = self._values if value is None else [*self._values, value]
        self._line.send(Epoch(self._epochs + row.epoch, statistics.fmean(known) if known else None))
        return False

    def scored(self, result: RunResult) -> Keep:
        """Keep the checkpoint until it is known what the trial comes to."""
        return "checkpoint"


def train_folds(order: Order, line: Line, train: Train) -> Ended:
    """Train the folds of a trial, and leave the result of the whole in its directory.

    Args:
        order: the trial.
        line: to the coordinator.
        train: trains one fold.

    Raises:
        Interrupted, UserError, RunFailed, MemoryError: as a run does; what the folds came to is written before.
    """
    arrived, done = time.monotonic(), list[RunResult]()
    try:
        with interruptible():
            ended = _train_each(order, line, train, arrived, done)
    except BaseException as error:
        status = "interrupted" if isinstance(error, (Interrupted, KeyboardInterrupt)) else "failed"
        reason, cause = reason_of(error)
        with contextlib.suppress(RunFailed):  # the first story is the one to be told
            _conclude(order, done, Ended(status, cause, reason, 0, {}))
        raise
    _conclude(order, done, ended)
    return ended


def _train_each(order: Order, line: Line, train: Train, arrived: float, done: list[RunResult]) -> Ended:
    for number, fold in enumerate(order.folds, 1):
        done.append(train(fold, partial(FoldForeman, order, tuple(done), arrived)))
        if done[-1].status != "completed":
            return _ended(order, done, f"in fold {number - 1}: {done[-1].reason or 'no reason given'}")
        means = _means(order, done)
        if None in means:  # so it stays, whatever the others come to
            break
        line.send(FoldDone(number, means[0]))
        if order.prunes and line.recv():
            reason = f"pruned after fold {number} of {len(order.folds)}"
            return Ended("pruned", "pruned", reason, _epochs(done), done[0].cost)
    seconds = done[-1].seconds
    line.send(Scored(_means(order, done), seconds["total"] - seconds["training"]))
    if not line.recv():
        drop_files(order.run_dir)
    return _ended(order, done, None)


def _ended(order: Order, done: Sequence[RunResult], reason: str | None) -> Ended:
    return Ended(done[-1].status, done[-1].cause, reason, _epochs(done), done[0].cost)


def _epochs(done: Sequence[RunResult]) -> int:
    return sum(result.epochs.get("run", 0) for result in done)


def _means(order: Order, done: Sequence[RunResult]) -> tuple[float | None, ...]:
    return tuple(_mean([objective_value(result, metric) for result in done]) for metric in order.metrics)


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean, undefined where one of them is; of equal values that value, so that a count stays one."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return known[0] if len(set(known)) == 1 else statistics.fmean(known)


def _conclude(order: Order, done: Sequence[RunResult], ended: Ended) -> None:
    """Write the result of the whole trial, from the folds that there are.

    Raises:
        RunFailed: if the disk takes no more.
    """
    if ended.status != "completed":
        drop_files(order.run_dir)
    if not done:
        return
    first, whole = done[0], [result for result in done if result.status == "completed"]
    parts = whole[0].metrics if whole else {}
    result = dataclasses.replace(
        first,
        name=str(order.settings["name"]),
        status=ended.status,
        reason=ended.reason,
        cause=ended.cause,
        data={
            **first.data,
            "notes": [*first.data["notes"], f"means over {len(whole)} of {len(order.folds)} folds"],
        },
        cost=_together([r.cost for r in whole or done], _mean),
        metrics={part: _together([r.metrics[part] for r in whole], _mean) for part in parts},
        intervals={},
        most_confused={},
        epochs=_together([r.epochs for r in done], _median),
        seconds=_together([r.seconds for r in done], sum),
        run_dir=order.run_dir,
    )
    try:
        result.write()
    except OSError as error:
        raise RunFailed(of_the_disk(error)) from None


def _together(rows: Sequence[Mapping[str, Any]], how: Callable[[list[Any]], Any]) -> dict[str, Any]:
    return {key: how([row[key] for row in rows]) for key in rows[0] if all(key in row for row in rows)}


def _median(values: list[int]) -> int:
    return round(statistics.median(values))
