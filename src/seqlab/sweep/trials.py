"""One trial from the coordinator's side: propose, have it trained, and write down what became of it.

The outcome is told to Optuna first, then the slot is closed (see `store`).
"""

import dataclasses
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import optuna
from optuna.trial import TrialState as OptunaState

from seqlab.config.sweep import Scalar
from seqlab.results import TrialRow
from seqlab.results import TrialState as State
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.books import Books, Overhead
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import Keeper, drop_files, trial_dir
from seqlab.sweep.listening import Heard, Listening
from seqlab.sweep.objectives import worst
from seqlab.sweep.ordering import Orders
from seqlab.sweep.pool import Worker
from seqlab.sweep.proposing import Samplers, fixed_to, grid_of, suggest
from seqlab.sweep.rows import ATTRIBUTE
from seqlab.sweep.slots import Claim, Gone, Limits
from seqlab.sweep.store import Store

_MOST_TURNED_DOWN = 1000
# As Optuna has them; everything else failed.
_OPTUNA_STATES: dict[State, OptunaState] = {
    "complete": OptunaState.COMPLETE,
    "diverged": OptunaState.COMPLETE,
    "pruned": OptunaState.PRUNED,
    "infeasible": OptunaState.PRUNED,
}
Verdict = Literal["counted", "failed", "lost", "stopped", "again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a slot's trial.

    Args:
        verdict: "counted" if it used up budget; "failed" by itself; "lost" to the machine; "stopped" by request;
            "again" if it was turned down by a constraint and another is due.
        reason: why, in words, if it was not counted.
        fatal: whether the sweep cannot go on, such as for a full disk.
    """

    verdict: Verdict
    reason: str = ""
    fatal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A trial in its slot."""

    claim: Claim
    limits: Limits
    study: optuna.Study
    trial: optuna.Trial
    row: TrialRow


class Trials:
    """Runs the trials of one sweep, for all threads of a coordinator.

    Args:
        sweep: the sweep.
        arms: composed.
        store: the database.
        books: where rows are kept for everybody to see.
        orders: makes the orders.
        stopping: set when the sweep was asked to stop.
        note: takes a line worth saying.
    """

    def __init__(
        self,
        sweep: Sweep,
        arms: Sequence[ComposedArm],
        store: Store,
        books: Books,
        orders: Orders,
        *,
        stopping: threading.Event,
        note: Callable[[str], None],
    ) -> None:
        self._sweep, self._store, self._books, self._orders = sweep, store, books, orders
        self._arms = {arm.name: arm for arm in arms}
        self._stopping, self._note = stopping, note
        self._grids = {a.name: grid_of(a) for a in arms} if sweep.config.sampler.name == "grid" else {}
        self._samplers = Samplers(sweep.config.sampler)
        self._proposing = threading.Lock()
        self._keeper = Keeper(sweep.directory, sweep.config.objective, sweep.config.trial.keep)
        self.overhead = Overhead()
        self._listening = Listening(sweep, books, self._keeper, self.overhead, stopping, note)

    def grid_size(self, arm: str) -> int | None:
        """How many points an arm's grid has; None without a grid."""
        return len(self._grids[arm]) if self._grids else None

    def settle(self) -> None:
        """Hold the files that are kept to the best of all trials in the books, whoever has trained them."""
        for arm in self._arms:
            self._keeper.settle(arm, [row for row in self._books.rows(arm) if row.state == "complete"])

    def run(self, claim: Claim, study: optuna.Study, worker: Worker, limits: Limits) -> Result:
        """Fill a slot: propose points until one meets the constraints, train it, write down what came of it."""
        for number in range(_MOST_TURNED_DOWN):
            try:
                result = self._attempt(claim, study, worker, limits, number)
            except Gone:
                self._note(f"{claim.arm}: this sweep was taken for dead; its trial was given to another")
                return Result(verdict="stopped")
            if result.verdict != "again":
                return result
            if self._grids:  # another point would be another slot's
                self._store.slots.count(claim, 0, 0.0)
                return Result(verdict="counted")
        self._store.slots.hand_back(claim, None)
        reason = f"{_MOST_TURNED_DOWN} points in a row do not meet the constraints"
        return Result(verdict="failed", reason=reason, fatal=True)

    def _attempt(
        self, claim: Claim, study: optuna.Study, worker: Worker, limits: Limits, number: int
    ) -> Result:
        began = time.monotonic()
        trial, values = self._propose(claim, study, number)
        row = TrialRow(
            arm=claim.arm,
            number=trial.number,
            state="running",
            parameters=values,
            retry_of=claim.retry_of if number == 0 else None,
            machine=socket.gethostname(),
            slot=claim.slot,
        )
        self._books.put(row)
        attempt = _Attempt(claim=claim, limits=limits, study=study, trial=trial, row=row)
        order = self._orders.order_of(row)
        proposed = time.monotonic()
        heard = self._listening.train(self._arms[claim.arm], row, trial, worker, order)
        ended = time.monotonic()
        result = self._conclude(attempt, heard, ended - heard.begun)
        self.overhead.coordinator.append(proposed - began + time.monotonic() - ended)
        return result

    # ---- proposing

    def _propose(
        self, claim: Claim, study: optuna.Study, number: int
    ) -> tuple[optuna.Trial, dict[str, Scalar]]:
        with self._proposing:  # one at a time, so that each sees what is being tried
            again = self._again(claim, study) if number == 0 else None
            point = again or (self._grids[claim.arm][claim.slot] if self._grids else {})
            tried = claim.failures + claim.losses
            sampler = self._samplers.make(claim.arm, claim.slot, tried, number)
            study.sampler = fixed_to(sampler, point) if point else sampler
            trial = study.ask()
            self._store.slots.fill(claim, trial.number)
            if again or self._sweep.config.pruner.name != "none":
                retry_of = claim.retry_of if again else None
                trial.set_user_attr(ATTRIBUTE, {"retry_of": retry_of, "slot": claim.slot})
            return trial, self._arms[claim.arm].walk(lambda parameter: suggest(trial, parameter))

    def _again(self, claim: Claim, study: optuna.Study) -> Mapping[str, Scalar] | None:
        """The parameters of the trial that is to be tried again; None if it had not come to have any."""
        if claim.retry_of is None:
            return None
        return study.get_trials(deepcopy=False)[claim.retry_of].params or None

    # ---- concluding

    def _conclude(self, attempt: _Attempt, heard: Heard, seconds: float) -> Result:
        """Write down what became of a trial."""
        ended = heard.ended
        row = dataclasses.replace(attempt.row, spared_at=heard.spared_at)
        attempt = dataclasses.replace(attempt, row=row)
        if ended is None or ended.status == "interrupted" or ended.cause == "memory":
            reason = heard.lost or (ended.reason if ended is not None else None) or "interrupted"
            return self._lost(attempt, reason, heard.epochs, seconds, hopeless=heard.hopeless)
        if ended.cause == "disk":
            reason = ended.reason or "the disk takes no more"
            self._tell(attempt, "failed", reason, ended.epochs, seconds, lost=True)
            self._store.slots.hand_back(attempt.claim, attempt.trial.number)
            return Result(verdict="lost", reason=reason, fatal=True)
        if ended.status == "infeasible":
            self._tell(attempt, "infeasible", "does not meet the constraints", 0, seconds)
            return Result(verdict="again")
        if ended.status == "completed":
            objectives = self._sweep.config.objective
            undefined = [o.metric for o, v in zip(objectives, heard.values, strict=True) if v is None]
            if undefined:
                return self._failed(attempt, f"{undefined[0]} is undefined", ended.epochs, seconds)
            return self._counted(attempt, "complete", None, ended.epochs, seconds, heard.values)
        if ended.status == "pruned":
            return self._counted(attempt, "pruned", ended.reason, ended.epochs, seconds)
        if ended.cause == "diverged":
            # a loss that is not finite is the arm's own result, the worst there is; the epoch it happened in counts
            bad = tuple(worst(objective) for objective in self._sweep.config.objective)
            return self._counted(attempt, "diverged", ended.reason, heard.epochs + 1, seconds, bad)
        return self._failed(attempt, ended.reason or "no reason given", ended.epochs, seconds)

    def _counted(
        self,
        attempt: _Attempt,
        state: State,
        reason: str | None,
        epochs: int,
        seconds: float,
        values: tuple[float | None, ...] = (),
    ) -> Result:
        row = self._tell(attempt, state, reason, epochs, seconds, values)
        self._store.slots.count(attempt.claim, epochs, seconds)
        if state == "complete":
            self._keeper.settle(row.arm, [row])
        return Result(verdict="counted")

    def _failed(self, attempt: _Attempt, reason: str, epochs: int, seconds: float) -> Result:
        self._tell(attempt, "failed", reason, epochs, seconds)
        self._store.slots.fail(attempt.claim, attempt.limits)
        return Result(verdict="failed", reason=reason)

    def _lost(self, attempt: _Attempt, reason: str, epochs: int, seconds: float, *, hopeless: bool) -> Result:
        """Of a trial that ended for no fault of its own: asked to stop, or lost to the machine."""
        slots, claim, number = self._store.slots, attempt.claim, attempt.trial.number
        if self._stopping.is_set():
            said = "stopped with the sweep; its settings are tried again when that goes on"
            self._tell(attempt, "failed", said, epochs, seconds, lost=True)
            slots.hand_back(claim, number)
            return Result(verdict="stopped")
        self._tell(attempt, "failed", reason, epochs, seconds, lost=True)
        if hopeless:
            slots.hand_back(claim, number)
        else:
            slots.lose(claim, attempt.limits, number)
        return Result(verdict="lost", reason=reason, fatal=hopeless)

    def _tell(
        self,
        attempt: _Attempt,
        state: State,
        reason: str | None,
        epochs: int,
        seconds: float,
        values: tuple[float | None, ...] = (),
        *,
        lost: bool = False,
    ) -> TrialRow:
        """Tell Optuna, then everybody who looks on; returns the trial's row.

        Raises:
            Gone: if somebody took this coordinator for dead and has ended the trial.
        """
        row, trial = attempt.row, attempt.trial
        about: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "epochs": epochs,
            "seconds": seconds,
            "retry_of": row.retry_of,
            "machine": row.machine,
            "slot": row.slot,
            "spared_at": row.spared_at,
            "lost": lost,
        }
        optuna_state = _OPTUNA_STATES.get(state, OptunaState.FAIL)
        numbers = [value for value in values if value is not None]
        try:
            trial.set_user_attr(ATTRIBUTE, about)
            attempt.study.tell(
                trial, numbers if optuna_state == OptunaState.COMPLETE else None, state=optuna_state
            )
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
            there = attempt.study.get_trials(deepcopy=False)[trial.number]
            if there.state != optuna_state or there.user_attrs.get(ATTRIBUTE) != about:
                raise Gone from None
            # it was told, though the database was lost before it could answer
        told = tuple(v if v is not None and math.isfinite(v) else None for v in values)
        none = (None,) * len(self._sweep.config.objective)
        row = dataclasses.replace(
            row, state=state, reason=reason, epochs=epochs, seconds=seconds, values=told or none
        )
        if state != "complete":  # what its folds have kept meanwhile
            drop_files(trial_dir(self._sweep.directory, row.arm, row.number))
        self._books.put(row)
        return row
