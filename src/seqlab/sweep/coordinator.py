"""The coordinator: a thread for every worker, which takes slots until there are none; the main thread looks on.

The budget is kept by slots in the database (see `store`), so that any number of coordinators may work on one sweep.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import optuna

from seqlab.results import COUNTED_STATES
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.books import Books
from seqlab.sweep.definition import Sweep
from seqlab.sweep.objectives import directions
from seqlab.sweep.owners import BEAT_SECONDS
from seqlab.sweep.patience import DATABASE_ERRORS, in_one_line
from seqlab.sweep.pool import Lost, Worker
from seqlab.sweep.pruning import make_pruner
from seqlab.sweep.rows import trial_rows
from seqlab.sweep.slots import Claim, Limits
from seqlab.sweep.stopping import StopRequests
from seqlab.sweep.store import Store
from seqlab.sweep.trials import Result, Trials

_LOOK_SECONDS = 0.2
_WAIT_SECONDS = 0.5
# So many trials in a row that fail for one reason before any has ended well: the rest would fail as well.
_SAME_REASON = 3
# So many in a row that are lost to the machine: it is not going to get better by itself.
_LOST_IN_A_ROW = 25
_MOST_WORKERS = 8


class Coordinator:
    """Works on a sweep until its budget is spent, somebody asks to stop, or it cannot go on.

    Args:
        sweep: the sweep.
        arms: composed.
        store: the database.
        books: rows of the trials, shared with the screen.
        trials: runs single trials.
        workers: one for every trial at a time; started when they are needed.
        look: called every moment with the rows and the seconds at work.
        requests: to stop; whoever calls `work` has them noted.
    """

    def __init__(
        self,
        sweep: Sweep,
        arms: Sequence[ComposedArm],
        store: Store,
        books: Books,
        trials: Trials,
        workers: Sequence[Worker],
        *,
        look: Callable[[Sequence[Any], float], None],
        requests: StopRequests,
    ) -> None:
        self._sweep, self._arms, self._store = sweep, list(arms), store
        self._books, self._trials, self._look = books, trials, look
        self._workers = workers
        self._requests, self._stopping = requests, requests.stopping
        self._lock = threading.Lock()
        self._trial_ended = threading.Condition()
        self._taken = {arm.name: 0 for arm in arms}
        self._open = [arm.name for arm in arms]
        self._ended_well = False
        self._failed: list[str] = []
        self._lost = 0
        self.fatal: str | None = None

    def limits(self, arm: str) -> Limits:
        """What an arm may spend."""
        budget = self._sweep.config.budget
        points = self._trials.grid_size(arm)
        return Limits(
            trials=budget.trials if points is None else min(budget.trials, points),
            epochs=budget.epochs,
            seconds=None if budget.hours is None else 3600 * budget.hours,
            retries=self._sweep.config.trial.retries,
        )

    def work(self) -> None:
        """Run trials until there is nothing left to do; `fatal` and the requests to stop say if it ended before."""
        names = [arm.name for arm in self._arms]
        self._store.owners.beat()
        self._recover(names)
        for arm in names:
            self._books.put(*trial_rows(self._store.study(arm), arm))
            self._taken[arm] = sum(r.state != "infeasible" for r in self._books.rows(arm))
        self._trials.settle()
        threads = [
            threading.Thread(target=self._guarded, args=(worker,), name=f"seqlab-{n}", daemon=True)
            for n, worker in enumerate(self._workers)
        ]
        over = threading.Event()
        beating = threading.Thread(target=self._beat_until, args=(over,), name="seqlab-beat", daemon=True)
        try:
            began = time.monotonic()
            for thread in (*threads, beating):
                thread.start()
            while any(thread.is_alive() for thread in threads):
                next(t for t in threads if t.is_alive()).join(_LOOK_SECONDS)
                self._look(self._books.rows(), time.monotonic() - began)
                if len(self._requests.signals) > 1:
                    for worker in self._workers:
                        worker.slay()
            self._look(self._books.rows(), time.monotonic() - began)
            over.set()
            beating.join()
        finally:
            over.set()
        self._try(lambda: self._recover(names))
        self._try(self._reread)
        self._trials.settle()

    def is_spent(self) -> bool:
        """Whether every arm has used up its budget, in trials, hours or epochs."""
        return all(self._is_spent(arm.name) for arm in self._arms)

    def _is_spent(self, arm: str) -> bool:
        limits = self.limits(arm)
        rows = [row for row in self._books.rows(arm) if row.state in COUNTED_STATES]
        return (
            len(rows) >= limits.trials
            or (limits.epochs is not None and sum(row.epochs for row in rows) >= limits.epochs)
            or (limits.seconds is not None and sum(row.seconds for row in rows) >= limits.seconds)
        )

    def _beat_until(self, over: threading.Event) -> None:
        """A thread of its own: the screen, and whoever wants to stop, do not wait for a database."""
        try:
            while not over.wait(BEAT_SECONDS):
                self._try(self._beat)
        except BaseException as error:
            self._give_up(f"{type(error).__name__}: {error}")
            raise

    def _beat(self) -> None:
        self._store.owners.beat()
        if self._store.owners.others():
            self._reread()

    def _reread(self) -> None:
        """See what other coordinators have done."""
        for arm in self._arms:
            own = {r.number for r in self._books.rows(arm.name) if r.state == "running"}
            rows = trial_rows(self._store.study(arm.name), arm.name)
            self._books.put(*(r for r in rows if r.number not in own or r.state != "running"))

    def _recover(self, names: list[str]) -> int:
        return self._store.recover(names, self.limits(names[0]))

    def _try(self, call: Callable[[], object]) -> None:
        """Something of the database that can wait for the next time."""
        try:
            call()
        except DATABASE_ERRORS as error:
            self._give_up(f"the database: {in_one_line(error)}")

    def _give_up(self, reason: str) -> None:
        with self._lock:
            self.fatal = self.fatal or reason
        self._stopping.set()

    # ---- a worker's thread

    def _guarded(self, worker: Worker) -> None:
        try:
            self._take_slots(worker)
        except DATABASE_ERRORS as error:
            self._give_up(f"the database: {in_one_line(error)}")
        except Lost as lost:
            self._give_up(str(lost))
        except BaseException as error:
            self._give_up(f"{type(error).__name__}: {error}")
            raise
        finally:
            if self._stopping.is_set():  # else it has the files of the best trials to write
                worker.stop()

    def _take_slots(self, worker: Worker) -> None:
        studies: dict[str, optuna.Study] = {}
        looked = time.monotonic()
        while not self._stopping.is_set():
            claim = self._claim()
            if claim == "done":
                return
            if claim == "wait":
                with self._trial_ended:
                    self._trial_ended.wait(_WAIT_SECONDS)
                if time.monotonic() - looked > BEAT_SECONDS:
                    looked = time.monotonic()
                    self._recover([arm.name for arm in self._arms])
                continue
            if claim.arm not in studies:
                studies[claim.arm] = self._study(claim.arm)
            self._judge(self._trials.run(claim, studies[claim.arm], worker, self.limits(claim.arm)))
            with self._trial_ended:
                self._trial_ended.notify_all()

    def _study(self, name: str) -> optuna.Study:
        """A study of this thread's own, over the shared storage."""
        study = self._store.study(name, directions(self._sweep.config.objective))
        longest = max(arm.longest() for arm in self._arms)  # one for all, so that rungs are the same
        trial = self._sweep.config.trial
        folds = trial.runs if trial.is_cross_validation else 0
        study.pruner = make_pruner(self._sweep.config.pruner, longest, folds)
        return study

    def _claim(self) -> Claim | Literal["wait", "done"]:
        """A slot of the arm that has had the fewest."""
        with self._lock:
            waiting = False
            for arm in sorted(self._open, key=lambda name: self._taken[name]):
                claim = self._store.slots.claim(arm, self.limits(arm))
                if isinstance(claim, Claim):
                    self._taken[arm] += 1
                    return claim
                if claim == "done":
                    self._open.remove(arm)
                waiting = waiting or claim == "wait"
            return "wait" if waiting else "done"

    def _judge(self, result: Result) -> None:
        """Whether the sweep can go on after this."""
        with self._lock:
            if result.verdict == "counted":
                self._ended_well, self._lost = True, 0
                return
            if result.verdict == "stopped":
                return
            self._lost += result.verdict == "lost"
            # a process that was killed says nothing of the next one; a time-out and an error do
            telling = result.verdict == "failed" or result.reason.startswith("timed out")
            self._failed += [_without_numbers(result.reason)] if telling else []
            first = self._failed[:_SAME_REASON]
            all_alike = not self._ended_well and len(first) == _SAME_REASON and len(set(first)) == 1
            reason = None
            if result.fatal:
                reason = result.reason
            elif self._sweep.config.trial.fail_fast:
                reason = f"a trial failed (trial.fail_fast): {result.reason}"
            elif all_alike:
                reason = f"the first {_SAME_REASON} trials failed for one reason: {result.reason}"
            elif self._lost >= _LOST_IN_A_ROW:
                reason = f"{self._lost} trials in a row were lost to the machine: {result.reason}"
        if reason is not None:
            self._give_up(reason)


def _without_numbers(reason: str) -> str:
    return re.sub(r"\d+", "#", reason)


def workers_for(wanted: int | None, threads: int, devices: int) -> int:
    """How many trials run at a time: as many as wanted, else one for each CPU core (or GPU) that a trial needs."""
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MOST_WORKERS, cores // (threads * devices)))
