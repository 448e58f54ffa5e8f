"""Killed, terminated or interrupted in the middle: what was written stays, and the same command runs to its end."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from seqlab.checkpoint import load_checkpoint
from seqlab.files import read_rows

pytestmark = pytest.mark.slow

LONG = ["trainer.max_epochs=100000", "hydra.run.dir=out"]


def epochs(run_dir: Path) -> int:
    """Rows of metrics.jsonl so far."""
    path = run_dir / "metrics.jsonl"
    return len(list(read_rows(path))) if path.exists() else 0


def wait_for_epochs(process, run_dir: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while epochs(run_dir) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def none_left(group: int, within: float = 10) -> bool:
    """Whether no process of a group is left, sooner or later."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_kill_9_loses_two_seconds_at_most_and_the_directory_takes_the_run_again(person, small, wandb_records):
    run_dir = person.work / "out"
    with person.begin_training(*small, *LONG) as process:
        wait_for_epochs(process, run_dir, 3)
        done = epochs(run_dir)
        time.sleep(2)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert none_left(process.pid)
    assert not (run_dir / "result.json").exists()
    rows = list(read_rows(run_dir / "metrics.jsonl"))
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1)) and len(rows) >= done
    best = load_checkpoint(run_dir / "checkpoints" / "best.ckpt")
    assert 1 <= best.epoch <= len(rows)
    followed = [r["history"]["item"] for r in wandb_records(run_dir) if r["type"] == "history"]
    assert [row["epoch"] for row in followed[:done]] == list(range(1, done + 1))

    again = person.train(*small, "trainer.max_epochs=150", "hydra.run.dir=out")
    assert (again.returncode, again.stderr) == (0, "")
    whole = list(read_rows(run_dir / "metrics.jsonl"))
    assert [row["epoch"] for row in whole] == list(range(1, 151))
    for row, was in zip(whole, rows, strict=False):  # the same seed: the same numbers
        assert row["train"] == was["train"] and row["validation"] == was["validation"]
    assert json.loads((run_dir / "result.json").read_text())["status"] == "completed"
    assert not [p.name for p in run_dir.rglob(".*")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_stop_keeps_its_books(person, small, number, code):
    run_dir = person.work / "out"
    with person.begin_training(*small, *LONG) as process:
        wait_for_epochs(process, run_dir, 3)
        # a terminal tells the whole group, a cluster the one process
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, "")
    result = json.loads((run_dir / "result.json").read_text())
    assert result["status"] == "interrupted" and number.name in result["reason"]
    assert result["epochs"]["run"] == epochs(run_dir) >= 3
    assert result["metrics"]["validation"]["loss"] is not None
    assert load_checkpoint(run_dir / "checkpoints" / "best.ckpt").epoch == result["epochs"]["best"]
    assert "interrupted" in out
    assert none_left(process.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_before_it_begins_says_nothing(person, small, number):
    with person.begin_training(*small, *LONG) as process:
        time.sleep(2.5)  # within the imports, or just after
        os.kill(process.pid, number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in err and len(err.splitlines()) <= 3
    assert none_left(process.pid)


def test_two_processes_stop_together(person, small):
    run_dir = person.work / "out"
    with person.begin_training(*small, *LONG, "trainer=ddp") as process:
        wait_for_epochs(process, run_dir, 3)
        os.kill(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=90)
    assert process.returncode == 143 and "Traceback" not in err
    assert json.loads((run_dir / "result.json").read_text())["status"] == "interrupted"
    assert none_left(process.pid)
