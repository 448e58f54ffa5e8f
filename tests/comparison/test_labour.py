"""Runs dealt out to workers that are made up: what was lost is done again, and not for ever."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seqlab.comparison.labour import Labour
from seqlab.errors import RunFailed
from seqlab.results import RunResult
from seqlab.sweep.orders import Ended, Run

DONE = Ended("completed", None, None, 3, {})
LOST = Ended("interrupted", "stopped", "stopped by SIGTERM", 0, {})
WRONG = Ended("failed", "error", "no such thing", 0, {})


class Worker:
    """Ends every run as it is told, and writes the result of those that complete."""

    def __init__(self, *endings: Ended) -> None:
        self.endings, self.runs = list(endings), list[Run]()

    def ensure(self) -> None: ...

    def kill(self) -> None: ...

    def send(self, order: Run) -> None:
        self.runs.append(order)

    def receive(self, timeout: float) -> Ended:
        order, ending = self.runs[-1], self.endings.pop(0)
        if ending is DONE:
            RunResult(
                name="x", seed=1, started="", data={}, cost={}, seconds={}, threads=1,
                command=order.command, run_dir=order.run_dir, status="completed",
            ).write()  # fmt: skip
        return ending


def labour(worker: Worker, said: list[str], retries: int = 2) -> Labour:
    workers: Sequence[Any] = [worker]
    return Labour(workers, git_commit=None, retries=retries, note=said.append)


def job(place: Path) -> Run:
    place.mkdir()
    return Run(settings={}, run_dir=place, command="train it", git_commit=None, keep="nothing")


def test_a_run_that_was_ended_from_outside_is_done_again(tmp_path):
    worker, said = Worker(LOST, DONE), list[str]()
    (result,) = labour(worker, said).run([job(tmp_path / "1")], lambda done, total: None)
    assert result.status == "completed" and len(worker.runs) == 2
    assert said == ["1: stopped by SIGTERM; it is trained again"]


def test_it_is_not_done_again_for_ever(tmp_path):
    worker = Worker(LOST, LOST, LOST, DONE)
    with pytest.raises(RunFailed, match="stopped by SIGTERM"):
        labour(worker, []).run([job(tmp_path / "1")], lambda done, total: None)
    assert len(worker.runs) == 3


def test_a_mistake_is_not_repeated_and_what_is_done_is_not_done_twice(tmp_path):
    jobs = [job(tmp_path / "1"), job(tmp_path / "2")]
    worker = Worker(DONE, WRONG)
    with pytest.raises(RunFailed, match="2: no such thing"):
        labour(worker, []).run(jobs, lambda done, total: None)
    worker = Worker(DONE)
    assert len(labour(worker, []).run(jobs, lambda done, total: None)) == 2
    assert [run.run_dir.name for run in worker.runs] == ["2"]
