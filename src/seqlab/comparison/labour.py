"""Many runs, dealt out to warm workers: each is done once, also across interruptions; what was lost is tried again."""

import dataclasses
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from seqlab import files
from seqlab.errors import RunFailed, UserError
from seqlab.results import RESULT_FILE, RunResult, read_result
from seqlab.sweep.orders import Done, Ended, Errand, Run
from seqlab.sweep.pool import Lost, NotStarted, Worker
from seqlab.sweep.stopping import StopRequests


class Stopped(Exception):
    """The comparison was asked to stop.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Labour:
    """The workers of a comparison.

    Args:
        workers: as many as work at a time.
        git_commit: of the code.
        retries: how often a run that was lost to the machine is tried again.
        note: takes a line worth saying.
    """

    def __init__(
        self, workers: Sequence[Worker], *, git_commit: str | None, retries: int, note: Callable[[str], None]
    ) -> None:
        self._workers, self._git_commit, self._retries, self._note = workers, git_commit, retries, note
        self._requests = StopRequests()  # a second one need not be waited for: nothing here is slow to stop
        self._signals = self._requests.signals
        self._lock = threading.Lock()

    def run(self, jobs: Sequence[Run], progress: Callable[[int, int], None]) -> list[RunResult]:
        """Do every job that is not done yet.

        Args:
            jobs: in the order in which they are begun.
            progress: told how many are done, of how many.

        Returns:
            The result of every job, in order; one that diverged has status failed and cause diverged.

        Raises:
            Stopped: if asked to, by SIGINT or SIGTERM; what is done stays done.
            RunFailed: if a run fails, or is lost to the machine too often.
        """
        left = [job for job in jobs if not _is_done(job)]
        total, done = len(jobs), len(jobs) - len(left)
        progress(done, total)
        waiting, problems = list(left), list[str]()

        def work(worker: Worker) -> None:
            nonlocal done
            while True:
                with self._lock:
                    if not waiting or problems or self._signals:
                        return
                    job = waiting.pop(0)
                reason = self._one(worker, job)
                with self._lock:
                    if self._signals:
                        return
                    if reason is not None:
                        problems.append(f"{job.run_dir}: {reason}")
                        return
                    done += 1
                    progress(done, total)

        with self._requests.noted():
            threads = [threading.Thread(target=work, args=(w,), daemon=True) for w in self._workers]
            for thread in threads[: max(len(left), 1)]:
                thread.start()
            for thread in threads[: max(len(left), 1)]:
                while thread.is_alive():
                    thread.join(0.2)
        if self._signals:
            raise Stopped(self._signals[0])
        if problems:
            raise RunFailed(problems[0])
        return [read_result(job.run_dir) for job in jobs]

    def errand(self, target: str, arguments: dict[str, Any]) -> list[str]:
        """Have a function called in a worker; what it returns.

        Raises:
            Stopped: if asked to stop.
            RunFailed: if the worker was lost.
        """
        with self._requests.noted():
            try:
                done = self._ask(self._workers[0], Errand(target=target, arguments=arguments), Done)
            except Lost as lost:
                if self._signals:
                    raise Stopped(self._signals[0]) from None
                raise RunFailed(f"{target.partition(':')[2]}: {lost}") from None
        assert isinstance(done, Done)
        return done.said

    def stop(self) -> None:
        """Let the workers end."""
        for worker in self._workers:
            worker.stop()

    def _one(self, worker: Worker, job: Run) -> str | None:
        """Run one job to its end; why it could not be done, if so."""
        order = dataclasses.replace(job, git_commit=self._git_commit)
        reason = ""
        for _ in range(1 + self._retries):
            try:
                ended = self._ask(worker, order, Ended)
            except NotStarted as lost:
                return str(lost)
            except Lost as lost:
                worker.kill()
                if self._signals:
                    return "stopped"
                reason = str(lost)
                self._note(f"{job.run_dir.name}: {reason}; it is trained again")
                continue
            assert isinstance(ended, Ended)
            if ended.status == "completed" or ended.cause == "diverged":
                return None
            if self._signals:
                return "stopped"
            reason = ended.reason or "no reason given"
            if ended.status == "interrupted":  # and nobody asked for it: one of its processes was lost
                self._note(f"{job.run_dir.name}: {reason}; it is trained again")
            elif ended.cause not in ("memory", "disk"):
                return reason
        return reason

    def _ask(self, worker: Worker, order: Run | Errand, answer: type[Ended] | type[Done]) -> Ended | Done:
        worker.ensure()
        worker.send(order)
        while not isinstance(heard := worker.receive(1.0), answer):
            if self._signals:
                worker.kill()
                raise Lost("stopped")
        return heard


def _is_done(job: Run) -> bool:
    """Whether a run of just these settings has ended in this directory, well or by diverging."""
    if not (job.run_dir / RESULT_FILE).is_file():
        return False
    try:
        content = files.read_json(job.run_dir / RESULT_FILE)
    except (OSError, ValueError, UserError):
        return False
    ended = content.get("status") == "completed" or content.get("cause") == "diverged"
    return ended and content.get("command") == job.command
