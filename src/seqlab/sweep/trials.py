"""One trial from the coordinator's side: propose, order, listen, and write down what became of it.

The outcome is told to Optuna first, then the slot is closed (see `store`).
"""

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.trial import TrialState as OptunaState

from seqlab.config.build import to_plain
from seqlab.config.sweep import Scalar
from seqlab.results import TrialRow
from seqlab.results import TrialState as State
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.conditions import Condition, constraints_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.keeping import drop_displaced, to_keep, trial_dir
from seqlab.sweep.objectives import is_cost, worst
from seqlab.sweep.orders import Begins, Costs, Ended, Epoch, Note, Order, Scored
from seqlab.sweep.pool import STOP_SECONDS, Lost, Worker
from seqlab.sweep.proposing import grid_of, make_sampler, suggest
from seqlab.sweep.rows import ATTRIBUTE
from seqlab.sweep.store import Claim, Gone, Limits, Store

_MOST_TURNED_DOWN = 1000
Verdict = Literal["counted", "failed", "lost", "stopped"]


class Books:
    """The rows of all trials that this coordinator knows of, shared by its threads."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], TrialRow] = {}
        self._lock = threading.Lock()

    def put(self, *rows: TrialRow) -> None:
        """Write rows down, over what stood for the same trials."""
        with self._lock:
            self._rows.update({(row.arm, row.number): row for row in rows})

    def rows(self, arm: str | None = None) -> list[TrialRow]:
        """All rows, or those of an arm, in the order of their numbers within an arm."""
        with self._lock:
            rows = list(self._rows.values())
        return sorted((r for r in rows if arm is None or r.arm == arm), key=lambda r: (r.arm, r.number))


@dataclass(slots=True, kw_only=True)
class Overhead:
    """What trials took beside training, in seconds, one entry a trial.

    Args:
        before: from the order's arrival in the worker to its first step.
        after: from its last step to its values sent.
        coordinator: proposing, telling and closing, in the coordinator.
    """

    before: list[float] = field(default_factory=list[float])
    after: list[float] = field(default_factory=list[float])
    coordinator: list[float] = field(default_factory=list[float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a slot's trial.

    Args:
        verdict: "counted" if it used up budget; "failed" by itself; "lost" to the machine; "stopped" by request.
        reason: why, in words, if it was not counted.
        fatal: whether the sweep cannot go on, such as for a full disk.
    """

    verdict: Verdict
    reason: str = ""
    fatal: bool = False


@dataclass(slots=True)
class _Talk:
    """What was heard of a trial so far."""

    begun: float
    epochs: int = 0
    values: tuple[float | None, ...] = ()
    feasible: bool = True
    ended: Ended | None = None


class Trials:
    """Runs the trials of one sweep, for all threads of a coordinator.

    Args:
        sweep: the sweep.
        arms: composed.
        store: the database.
        books: where rows are kept for everybody to see.
        git_commit: of the code.
        track: whether trials are followed by the logger of their settings while they run.
        stopping: set when the sweep was asked to stop.
        note: takes a line worth saying.
    """

    def __init__(
        self,
        sweep: Sweep,
        arms: Sequence[ComposedArm],
        store: Store,
        books: Books,
        *,
        git_commit: str | None,
        track: bool,
        stopping: threading.Event,
        note: Callable[[str], None],
    ) -> None:
        self._sweep, self._store, self._books = sweep, store, books
        self._arms = {arm.name: arm for arm in arms}
        self._git_commit, self._track = git_commit, track
        self._stopping, self._note = stopping, note
        self._metrics = tuple(o.metric for o in sweep.config.objective)
        self._conditions = constraints_of(sweep.config)
        self._prunes = sweep.config.pruner.name != "none"
        self._grids = {a.name: grid_of(a) for a in arms} if sweep.config.sampler.name == "grid" else {}
        self._proposing = threading.Lock()
        self._keeping = threading.Lock()
        self.overhead = Overhead()

    def grid_size(self, arm: str) -> int | None:
        """How many points an arm's grid has; None without a grid."""
        return len(self._grids[arm]) if self._grids else None

    def run(self, claim: Claim, study: optuna.Study, worker: Worker, limits: Limits) -> Result:
        """Fill a slot: propose points until one meets the constraints, train it, write down what came of it."""
        for attempt in range(_MOST_TURNED_DOWN):
            began = time.monotonic()
            try:
                trial, values = self._propose(claim, study, attempt)
                row = TrialRow(
                    arm=claim.arm,
                    number=trial.number,
                    state="running",
                    parameters=values,
                    retry_of=claim.retry_of if attempt == 0 else None,
                )
                self._books.put(row)
                spent = time.monotonic() - began
                talk, lost = self._train(row, trial, worker)
                closing = time.monotonic()
                result = self._conclude(claim, study, trial, row, talk, lost, limits)
                self.overhead.coordinator.append(spent + time.monotonic() - closing)
            except Gone:
                self._note(f"{claim.arm}: this sweep was taken for dead; its trial was given to another")
                return Result(verdict="stopped")
            if result is not None:
                return result
            if self._grids:  # another point would be another slot's
                self._store.count(claim, 0, 0.0)
                return Result(verdict="counted")
        self._store.hand_back(claim, None)
        reason = f"{_MOST_TURNED_DOWN} points in a row do not meet the constraints"
        return Result(verdict="failed", reason=reason, fatal=True)

    # ---- proposing

    def _propose(
        self, claim: Claim, study: optuna.Study, attempt: int
    ) -> tuple[optuna.Trial, dict[str, Scalar]]:
        with self._proposing:  # one at a time, so that each sees what is being tried
            again = self._again(claim, study) if attempt == 0 else None
            if again:
                study.enqueue_trial(dict(again), user_attrs={ATTRIBUTE: {"retry_of": claim.retry_of}})
            elif self._grids:
                study.enqueue_trial(self._grids[claim.arm][claim.slot])
            tried = claim.failures + claim.losses
            study.sampler = make_sampler(self._sweep.config.sampler, claim.arm, claim.slot, tried, attempt)
            trial = study.ask()
            self._store.fill(claim, trial.number)
            return trial, self._arms[claim.arm].walk(lambda parameter: suggest(trial, parameter))

    def _again(self, claim: Claim, study: optuna.Study) -> Mapping[str, Scalar] | None:
        """The parameters of the trial that is to be tried again; None if it had not come to have any."""
        if claim.retry_of is None:
            return None
        return study.get_trials(deepcopy=False)[claim.retry_of].params or None

    # ---- training

    def order_of(self, row: TrialRow, logger: str | None = None) -> Order:
        """The order for a trial: its settings, and the command line that repeats it.

        Args:
            row: the trial.
            logger: who is to follow it; None: nobody, unless all trials are followed.
        """
        arm = self._arms[row.arm]
        experiment = arm.experiment(row.parameters)
        experiment.name = f"{row.arm}-{row.number}"
        experiment.logger.wandb.group = experiment.logger.wandb.group or self._sweep.name
        experiment.logger.wandb.tags = [*experiment.logger.wandb.tags, f"arm {row.arm}"]
        if not self._track and logger is None:
            experiment.logger.name = "none"
        return Order(
            settings=to_plain(experiment),
            run_dir=trial_dir(self._sweep.directory, row.arm, row.number),
            command=command_of(arm, row.parameters),
            git_commit=self._git_commit,
            metrics=self._metrics,
            ask_costs=any(is_cost(key) for c in self._conditions for key in c.keys),
            latency=self.wants_latency,
            prunes=self._prunes,
        )

    @property
    def wants_latency(self) -> bool:
        """Whether an objective or a constraint is about the latency of a prediction."""
        return "cost.latency_ms" in {*self._metrics, *(key for c in self._conditions for key in c.keys)}

    def _train(self, row: TrialRow, trial: optuna.Trial, worker: Worker) -> tuple[_Talk, str | None]:
        """Have a worker train; returns what was heard of it, and why it was lost if it was."""
        talk = _Talk(begun=time.monotonic())
        try:
            if not self._meets_without_costs(row, trial):
                talk.feasible, talk.ended = False, Ended("infeasible", None, None, 0, {})
                return talk, None
            worker.ensure()
            if self._stopping.is_set():
                raise Lost("the sweep was stopped before it began")
            talk.begun = time.monotonic()
            worker.send(self.order_of(row))
            self._listen(row, trial, worker, talk)
        except Lost as lost:
            worker.kill()
            return talk, str(lost)
        return talk, None

    def _listen(self, row: TrialRow, trial: optuna.Trial, worker: Worker, talk: _Talk) -> None:
        """Hear a worker out, and answer it.

        Raises:
            Lost: if the worker is gone, takes too long, or does not stop when asked.
        """
        timeout = self._sweep.config.trial.timeout
        asked_to_stop: float | None = None
        while talk.ended is None:
            now = time.monotonic()
            if timeout is not None and now - talk.begun > timeout:
                raise Lost(f"timed out: it had not ended after {timeout:g} s (trial.timeout)")
            if self._stopping.is_set() and asked_to_stop is None:
                asked_to_stop = now
                worker.interrupt()
            if asked_to_stop is not None and now - asked_to_stop > STOP_SECONDS:
                raise Lost(f"it did not stop within {STOP_SECONDS:.0f} s")
            match worker.receive(0.2):
                case Costs(costs):
                    talk.feasible = self._meets(row, trial, costs[0])
                    worker.send(talk.feasible)
                case Begins(seconds):
                    self.overhead.before.append(seconds)
                case Epoch(epoch, value):
                    talk.epochs = epoch
                    if self._prunes:
                        worker.send(self._prune(trial, epoch, value))
                    shown = () if value is None else (value,)
                    self._books.put(
                        dataclasses.replace(row, epochs=epoch, values=shown, seconds=now - talk.begun)
                    )
                case Scored(values, seconds):
                    talk.values = values
                    self.overhead.after.append(seconds)
                    worker.send(self._is_worth_keeping(row, values))
                case Note(text):
                    self._note(text)
                case Ended() as ended:
                    talk.ended = ended
                case _:
                    pass

    def _prune(self, trial: optuna.Trial, epoch: int, value: float | None) -> bool:
        if value is None or not math.isfinite(value):
            return False  # undefined is not bad, and a diverged trial says so itself
        trial.report(value, epoch)
        return trial.should_prune()

    def _meets_without_costs(self, row: TrialRow, trial: optuna.Trial) -> bool:
        """Hold the constraints on settings alone, which need no network."""
        known = [c for c in self._conditions if not any(is_cost(key) for key in c.keys)]
        return self._hold(row, trial, known, {})

    def _meets(self, row: TrialRow, trial: optuna.Trial, costs: Mapping[str, float | None]) -> bool:
        known = [c for c in self._conditions if any(is_cost(key) for key in c.keys)]
        return self._hold(row, trial, known, costs)

    def _hold(
        self,
        row: TrialRow,
        trial: optuna.Trial,
        conditions: Sequence[Condition],
        costs: Mapping[str, float | None],
    ) -> bool:
        """Whether constraints hold; Optuna is told of each, so that samplers learn where they do not."""
        arm = self._arms[row.arm]
        held = [c.holds(lookup_with_costs(arm, row.parameters, costs)) for c in conditions]
        for condition, holds in zip(conditions, held, strict=True):
            trial.set_constraint(condition.text, 0.0 if holds else 1.0)
        return all(held)

    def _is_worth_keeping(self, row: TrialRow, values: tuple[float | None, ...]) -> bool:
        here = dataclasses.replace(row, state="complete", values=values)
        complete = [r for r in self._books.rows(row.arm) if r.state == "complete"]
        config = self._sweep.config
        return here in to_keep([*complete, here], config.objective, config.trial.keep)

    # ---- concluding

    def _conclude(
        self,
        claim: Claim,
        study: optuna.Study,
        trial: optuna.Trial,
        row: TrialRow,
        talk: _Talk,
        lost: str | None,
        limits: Limits,
    ) -> Result | None:
        """Write down what became of a trial; None if it was turned down and another is due."""
        seconds = time.monotonic() - talk.begun
        ended = talk.ended
        if ended is None or ended.status == "interrupted" or ended.cause == "memory":
            reason = lost or (ended.reason if ended is not None else None) or "interrupted"
            if self._stopping.is_set() and (ended is None or ended.status == "interrupted"):
                self._tell(study, trial, row, "failed", f"stopped: {reason}", talk.epochs, seconds, lost=True)
                self._store.hand_back(claim, trial.number)
                return Result(verdict="stopped")
            self._tell(study, trial, row, "failed", reason, talk.epochs, seconds, lost=True)
            self._store.lose(claim, limits, trial.number)
            return Result(verdict="lost", reason=reason)
        epochs = ended.epochs
        if ended.status == "completed" and any(value is None for value in talk.values):
            undefined = [m for m, v in zip(self._metrics, talk.values, strict=True) if v is None]
            return self._failed(
                claim, study, trial, row, f"{undefined[0]} is undefined", epochs, seconds, limits
            )
        if ended.status == "completed":
            self._tell(study, trial, row, "complete", None, epochs, seconds, talk.values)
        elif ended.status == "pruned":
            self._tell(study, trial, row, "pruned", ended.reason, epochs, seconds)
        elif ended.cause == "diverged":
            # a loss that is not finite is the arm's own result: the worst there is
            bad = tuple(worst(objective) for objective in self._sweep.config.objective)
            epochs = max(epochs, talk.epochs) + 1  # the epoch in which it happened counts
            self._tell(study, trial, row, "diverged", ended.reason, epochs, seconds, bad)
        elif ended.status == "infeasible":
            self._tell(study, trial, row, "infeasible", "does not meet the constraints", 0, seconds)
            return None
        elif ended.cause == "disk":
            reason = ended.reason or "the disk takes no more"
            self._tell(study, trial, row, "failed", reason, epochs, seconds, lost=True)
            self._store.hand_back(claim, trial.number)
            return Result(verdict="lost", reason=reason, fatal=True)
        else:
            reason = ended.reason or "no reason given"
            return self._failed(claim, study, trial, row, reason, epochs, seconds, limits)
        self._store.count(claim, epochs, seconds)
        self._drop_displaced(claim.arm)
        return Result(verdict="counted")

    def _failed(
        self,
        claim: Claim,
        study: optuna.Study,
        trial: optuna.Trial,
        row: TrialRow,
        reason: str,
        epochs: int,
        seconds: float,
        limits: Limits,
    ) -> Result:
        self._tell(study, trial, row, "failed", reason, epochs, seconds)
        self._store.fail(claim, limits)
        return Result(verdict="failed", reason=reason)

    def _tell(
        self,
        study: optuna.Study,
        trial: optuna.Trial,
        row: TrialRow,
        state: State,
        reason: str | None,
        epochs: int,
        seconds: float,
        values: tuple[float | None, ...] = (),
        *,
        lost: bool = False,
    ) -> None:
        about: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "epochs": epochs,
            "seconds": seconds,
            "retry_of": row.retry_of,
            "lost": lost,
        }
        try:
            trial.set_user_attr(ATTRIBUTE, about)
            if state in ("complete", "diverged"):
                study.tell(trial, [v for v in values if v is not None])
            else:
                pruned = state in ("pruned", "infeasible")
                study.tell(trial, state=OptunaState.PRUNED if pruned else OptunaState.FAIL)
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
            raise Gone from None  # somebody took this coordinator for dead and ended the trial
        finite = tuple(v if v is not None and math.isfinite(v) else None for v in values)
        self._books.put(
            dataclasses.replace(
                row, state=state, reason=reason, epochs=epochs, seconds=seconds, values=finite or self._none()
            )
        )

    def _none(self) -> tuple[None, ...]:
        return (None,) * len(self._metrics)

    def _drop_displaced(self, arm: str) -> None:
        config = self._sweep.config
        with self._keeping:
            complete = [row for row in self._books.rows(arm) if row.state == "complete"]
            kept = to_keep(complete, config.objective, config.trial.keep)
            drop_displaced(self._sweep.directory, kept, complete)


def lookup_with_costs(
    arm: ComposedArm, values: Mapping[str, Scalar], costs: Mapping[str, float | None]
) -> Callable[[str], object]:
    """The settings at a point, and its costs as cost.NAME."""
    settings = arm.lookup(values)
    return lambda key: costs[key.partition(".")[2]] if is_cost(key) else settings(key)


def command_of(arm: ComposedArm, values: Mapping[str, Scalar]) -> str:
    """The command line of `train.py` that trains a point again, to the digit."""
    import shlex

    return shlex.join(["python", "train.py", *words_of(arm, values)])


def words_of(arm: ComposedArm, values: Mapping[str, Scalar]) -> list[str]:
    """The words behind `train.py` for a point; seed and threads are named even where they are the defaults."""
    words = arm.words(values)
    experiment = arm.experiment(values)
    named = {word.partition("=")[0].lstrip("+") for word in words}
    explicit = {"seed": experiment.seed, "trainer.threads": experiment.trainer.threads}
    return [*words, *(f"{key}={value}" for key, value in explicit.items() if key not in named)]


def sweep_log(directory: Path) -> Path:
    """Where workers' output goes."""
    return directory / "workers.log"
