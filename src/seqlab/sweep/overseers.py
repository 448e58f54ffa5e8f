"""Who oversees a run in a worker, and passes on what it hears."""

import time
from typing import Any, Protocol

from seqlab.experiment.oversight import Keep
from seqlab.results import EpochRow, RunResult
from seqlab.sweep.orders import Begins, Epoch, Note, Order, Run, Scored


class Line(Protocol):
    """Either end of a conversation."""

    def send(self, obj: Any, /) -> None:
        """Say something."""
        ...

    def recv(self) -> Any:
        """Wait for an answer."""
        ...


class Foreman:
    """The overseer of a trial, who passes everything on.

    Args:
        order: the trial.
        line: to whoever decides; picklable where the trial trains in processes of its own.
        arrived: when the order did, by the monotonic clock.
    """

    def __init__(self, order: Order, line: Line, arrived: float) -> None:
        self.git_commit = order.git_commit
        self.latency = order.latency
        self._metrics = order.metrics
        self._prunes = order.prunes
        self._line = line
        self._arrived = arrived
        self._last_step = self._arrived

    def begins(self) -> None:
        """Tell how long it took to get here."""
        self._line.send(Begins(time.monotonic() - self._arrived))

    def epoch(self, row: EpochRow, best: EpochRow) -> bool:
        """Pass the value of the best epoch so far on, and wait for a word if one is due."""
        self._last_step = time.monotonic()
        self._line.send(Epoch(row.epoch, value_at(best, self._metrics[0])))
        return bool(self._line.recv()) if self._prunes else False

    def scored(self, result: RunResult) -> Keep:
        """Pass the objectives on, and wait for whether to keep the files."""
        values = tuple(objective_value(result, metric) for metric in self._metrics)
        self._line.send(Scored(values, time.monotonic() - self._last_step))
        return "checkpoint" if self._line.recv() else "nothing"


def value_at(row: EpochRow, metric: str) -> float | None:
    """Such as "validation.accuracy" of an epoch; a cost is no epoch's."""
    part, _, name = metric.partition(".")
    return row.validation.get(name) if part == "validation" else None


def objective_value(result: RunResult, metric: str) -> float | None:
    """Such as "validation.accuracy" or "cost.parameters" of a result; never of the test part."""
    place, _, name = metric.partition(".")
    found = result.cost if place == "cost" else result.metrics.get("validation", {})
    return found.get(name)


class Attendant:
    """The overseer of a run of its own, who lets it train to its end.

    Args:
        order: the run.
    """

    def __init__(self, order: Run) -> None:
        self.git_commit = order.git_commit
        self.latency = False
        self._keep: Keep = order.keep

    def begins(self) -> None:
        """Nothing."""

    def epoch(self, row: EpochRow, best: EpochRow) -> bool:
        """Let it go on."""
        return False

    def scored(self, result: RunResult) -> Keep:
        """What was ordered."""
        return self._keep


class Teller:
    """A watcher who passes on what must be heard; the coordinator has the screen."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def before(self, result: RunResult, layers: Any, epochs: int) -> None:
        """Nothing."""

    def note(self, line: str) -> None:
        """Pass it on."""
        self._line.send(Note(line))

    def batch(self, epoch: int, done: int, batches: int) -> None:
        """Nothing."""

    def epoch(self, row: EpochRow, best_epoch: int) -> None:
        """Nothing: the overseer hears of it."""

    def after(self, result: RunResult) -> None:
        """Nothing."""
