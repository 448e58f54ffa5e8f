"""The conversation with a worker about one trial: constraints, pruning, what to keep, and when to lose patience."""

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import optuna

from seqlab.results import TrialRow
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.books import Books, Overhead
from seqlab.sweep.conditions import Condition, constraints_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import Keeper
from seqlab.sweep.objectives import is_cost
from seqlab.sweep.orders import Begins, Costs, Ended, Epoch, FoldDone, Note, Order, Scored
from seqlab.sweep.pool import STOP_SECONDS, Lost, NotStarted, Worker
from seqlab.sweep.pruning import is_spared

_LOOK_SECONDS = 0.2


@dataclass(slots=True)
class Heard:
    """What was heard of a trial.

    Args:
        begun: when it was ordered, by the monotonic clock.
        epochs: trained so far.
        values: the objectives at its best epoch; empty until they are known.
        ended: the worker's last word; None if the trial was lost.
        lost: why it was lost; None if it was not.
        hopeless: whether the next would be lost the same way.
        spared_at: epochs after which it would have been pruned, but was spared; None if it was not.
    """

    begun: float
    epochs: int = 0
    values: tuple[float | None, ...] = ()
    ended: Ended | None = None
    lost: str | None = None
    hopeless: bool = False
    spared_at: int | None = None


class Listening:
    """Has workers train the trials of one sweep.

    Args:
        sweep: the sweep.
        books: where it is written down how a trial stands.
        keeper: decides whose files are kept.
        overhead: where it is written down what a trial takes beside training.
        stopping: set when the sweep was asked to stop.
        note: takes a line worth saying.
    """

    def __init__(
        self,
        sweep: Sweep,
        books: Books,
        keeper: Keeper,
        overhead: Overhead,
        stopping: threading.Event,
        note: Callable[[str], None],
    ) -> None:
        self._config = sweep.config
        self._books, self._keeper, self._overhead = books, keeper, overhead
        self._stopping, self._note = stopping, note
        conditions = constraints_of(sweep.config)
        self._on_costs = [c for c in conditions if any(map(is_cost, c.keys))]
        self._on_settings = [c for c in conditions if c not in self._on_costs]

    def train(
        self, arm: ComposedArm, row: TrialRow, trial: optuna.Trial, worker: Worker, order: Order
    ) -> Heard:
        """Have a worker train a trial that meets the constraints on its settings."""
        heard = Heard(begun=time.monotonic())
        if not self._hold(arm, row, trial, self._on_settings, {}):
            heard.ended = Ended("infeasible", None, None, 0, {})
            return heard
        try:
            worker.ensure()
            if self._stopping.is_set():
                raise Lost("the sweep was stopped before it began")
            heard.begun = time.monotonic()
            worker.send(order)
            self._listen(arm, row, trial, worker, heard, order)
        except Lost as lost:
            worker.kill()
            heard.lost, heard.hopeless = str(lost), isinstance(lost, NotStarted)
        return heard

    def _listen(
        self,
        arm: ComposedArm,
        row: TrialRow,
        trial: optuna.Trial,
        worker: Worker,
        heard: Heard,
        order: Order,
    ) -> None:
        """Hear a worker out, and answer it.

        Raises:
            Lost: if the worker is gone, takes too long, or does not stop when asked.
        """
        timeout = self._config.trial.timeout
        last = len(order.folds) or int(order.settings["trainer"]["max_epochs"])
        asked_to_stop: float | None = None
        while heard.ended is None:
            now = time.monotonic()
            if timeout is not None and now - heard.begun > timeout:
                raise Lost(f"timed out: it had not ended after {timeout:g} s (trial.timeout)")
            if self._stopping.is_set() and asked_to_stop is None:
                asked_to_stop = now
                worker.interrupt()
            if asked_to_stop is not None and now - asked_to_stop > STOP_SECONDS:
                raise Lost(f"it did not stop within {STOP_SECONDS:.0f} s")
            match worker.receive(_LOOK_SECONDS):
                case Costs(costs):
                    worker.send(self._hold(arm, row, trial, self._on_costs, costs[0]))
                case Begins(seconds):
                    self._overhead.before.append(seconds)
                case Epoch(epoch, value):
                    heard.epochs = epoch
                    if order.prunes and not order.folds:
                        worker.send(self._ends(heard, row, trial, epoch, value, last))
                    shown = () if value is None else (value,)
                    spent = now - heard.begun
                    self._books.put(dataclasses.replace(row, epochs=epoch, values=shown, seconds=spent))
                case FoldDone(number, value):
                    if order.prunes:
                        worker.send(self._ends(heard, row, trial, number, value, last))
                case Scored(values, seconds):
                    heard.values = values
                    self._overhead.after.append(seconds)
                    worker.send(self._keeper.is_worth_keeping(row, values))
                case Note(text):
                    self._note(text)
                case Ended() as ended:
                    heard.ended = ended
                case _:
                    pass

    def _ends(
        self, heard: Heard, row: TrialRow, trial: optuna.Trial, step: int, value: float | None, last: int
    ) -> bool:
        """Whether a trial ends after this epoch or fold. One that is spared goes on, and reports no more."""
        # after its last epoch a trial has nothing left that pruning could save
        if heard.spared_at is not None or not _prune(trial, step, value) or step >= last:
            return False
        if not self._spares(row):
            return True
        heard.spared_at = heard.epochs
        return False

    def _spares(self, row: TrialRow) -> bool:
        """A search needs no measure of what its pruner costs; a comparison does."""
        seed = self._config.sampler.seed
        return bool(self._config.protocol.contrasts) and row.slot is not None and is_spared(seed, row.slot)

    def _hold(
        self,
        arm: ComposedArm,
        row: TrialRow,
        trial: optuna.Trial,
        conditions: Sequence[Condition],
        costs: Mapping[str, float | None],
    ) -> bool:
        """Whether constraints hold; Optuna is told of each, so that samplers learn where they do not."""
        held = [condition.holds(arm.lookup(row.parameters, costs)) for condition in conditions]
        for condition, holds in zip(conditions, held, strict=True):
            trial.set_constraint(condition.text, 0.0 if holds else 1.0)
        return all(held)


def _prune(trial: optuna.Trial, step: int, value: float | None) -> bool:
    if value is None or not math.isfinite(value):
        return False  # undefined is not bad, and a trial that has diverged says so itself
    trial.report(value, step)
    return trial.should_prune()
