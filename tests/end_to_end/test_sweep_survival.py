"""Sweeps that are killed, interrupted, doubled or starved: the budget is met exactly, and nothing is lost."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from tests.end_to_end.conftest import ROOT

pytestmark = pytest.mark.slow

SWEEP = """
question: Does it survive?
fixed: [data=archive, data.name=ItalyPowerDemand, model=gru, logger=none]
space:
  model.hidden_size: {type: int, low: 4, high: 16}
  optimizer.lr: {type: float, low: 1e-4, high: 1e-1, log: true}
sampler: random
"""


@pytest.fixture
def sweep(person):
    """The words of a sweep with a space of two dimensions."""
    (person.work / "mine.yaml").write_text(SWEEP)
    return [str(ROOT / "sweep.py"), "sweep=mine.yaml", "sweep.dir=out", "workers=2"]


def trials(directory: Path) -> list[tuple[int, str, dict]]:
    """Number, Optuna's state and our own note of every trial, read with sqlite3 alone."""
    with sqlite3.connect(f"file:{directory / 'study.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "select number, state, (select value_json from trial_user_attributes a where a.trial_id = t.trial_id"
            " and key = 'seqlab') from trials t order by number"
        ).fetchall()
    return [(number, state, json.loads(note) if note else {}) for number, state, note in rows]


def counted(directory: Path) -> int:
    """Trials that have used up budget."""
    return sum(
        state == "COMPLETE" or (state == "PRUNED" and note.get("state") == "pruned")
        for _, state, note in trials(directory)
    )


def workers_of(coordinator: int) -> list[int]:
    """Process numbers of a coordinator's workers: each leads a group of its own, below the fork server."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,pgid="], capture_output=True, text=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    servers = {pid for pid, parent, _ in rows if parent == coordinator}
    return [pid for pid, parent, group in rows if parent in servers and pid == group]


def wait_until(condition, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def running(directory: Path) -> int:
    if not (directory / "study.db").exists():
        return 0
    try:
        return sum(state == "RUNNING" for _, state, _ in trials(directory))
    except sqlite3.OperationalError:  # not set up yet
        return 0


def test_twenty_kills_at_random_leave_exactly_the_budget(person, sweep):
    chance = random.Random(7)
    targets = ["worker"] * 15 + ["coordinator"] * 5
    chance.shuffle(targets)
    directory = person.work / "out"
    words = [*sweep, "budget.trials=30", "trainer.max_epochs=150"]
    process = person.begin(*words)
    for target in targets:
        time.sleep(chance.uniform(0.2, 1.0))
        workers: list[int] = []
        while not workers and process.poll() is None:
            workers = workers_of(process.pid)
        assert workers, (process.communicate(), "it was over before it had been killed so often")
        if target == "worker":
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
        else:
            os.kill(process.pid, signal.SIGKILL)  # the coordinator alone: its workers must find out
            process.communicate()
            process = person.begin(*words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (out, err)
    again = person.begin(*words)
    out, err = again.communicate(timeout=300)
    assert again.returncode == 0, (out, err)
    found = trials(directory)
    assert counted(directory) == 30
    assert {state for _, state, _ in found} <= {"COMPLETE", "FAIL"}
    lost = [note for _, state, note in found if state == "FAIL"]
    assert lost and all(note["lost"] and note["reason"] for note in lost)
    for number, state, _ in found:
        if state == "COMPLETE":
            result = json.loads((directory / "trials" / "all" / str(number) / "result.json").read_text())
            assert result["status"] == "completed"


def test_workers_end_when_their_coordinator_is_killed(person, sweep):
    process = person.begin(*sweep, "budget.trials=4", "trainer.max_epochs=100000")
    wait_until(lambda: len(workers_of(process.pid)) == 2)
    workers = workers_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10)


def test_two_coordinators_share_one_budget(person, sweep):
    words = [*sweep, "budget.trials=16", "trainer.max_epochs=10"]
    both = [person.begin(*words) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, (out, err)
    found = trials(person.work / "out")
    assert [state for _, state, _ in found] == ["COMPLETE"] * 16
    parameters = [
        json.loads((person.work / "out" / "trials" / "all" / str(number) / "result.json").read_text())[
            "command"
        ]
        for number, _, _ in found
    ]
    assert len(set(parameters)) == 16


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sweep_that_is_asked_to_stop_says_how_to_go_on(person, sweep, number, code):
    directory = person.work / "out"
    process = person.begin(*sweep, "budget.trials=3", "trainer.max_epochs=100000")
    wait_until(lambda: len(list(directory.glob("trials/all/*/metrics.jsonl"))) == 2)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, "")
    assert "go on with:" in out and "sweep=mine.yaml" in out
    assert running(directory) == 0
    stopped = [json.loads(p.read_text())["status"] for p in directory.glob("trials/all/*/result.json")]
    assert stopped == ["interrupted"] * 2


def test_a_second_request_to_stop_ends_it_at_once_and_consistent(person, sweep):
    directory = person.work / "out"
    process = person.begin(*sweep, "budget.trials=3", "trainer.max_epochs=100000")
    wait_until(lambda: len(list(directory.glob("trials/all/*/metrics.jsonl"))) == 2)
    for pid in workers_of(process.pid):
        os.kill(pid, signal.SIGSTOP)  # they cannot stop cleanly
    os.kill(process.pid, signal.SIGINT)
    time.sleep(1)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert time.monotonic() - began < 10
    assert running(directory) == 0


def test_a_trial_that_hangs_is_ended_and_replaced(person, sweep):
    directory = person.work / "out"
    process = person.begin(*sweep, "budget.trials=4", "trainer.max_epochs=20", "trial.timeout=20")
    wait_until(lambda: len(workers_of(process.pid)) == 2)
    os.kill(workers_of(process.pid)[0], signal.SIGSTOP)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, (out, err)
    assert counted(directory) == 4
    reasons = [note["reason"] for _, state, note in trials(directory) if state == "FAIL"]
    assert len(reasons) == 1 and "timed out" in reasons[0]


def test_a_full_disk_stops_the_sweep_in_words_and_it_goes_on_when_there_is_space(person, sweep, small_disk):
    disk = small_disk(900)
    words = [word for word in sweep if not word.startswith("sweep.dir")]
    words += [f"sweep.dir={disk}/out", "budget.trials=12", "trainer.max_epochs=3"]
    process = person.begin(*words)
    out, err = process.communicate(timeout=300)
    assert process.returncode in (1, 2) and "Traceback" not in err + out, (out, err)
    assert "space" in (out + err).lower() or "full" in (out + err).lower()
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    process = person.begin(*words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, (out, err)
    assert counted(disk / "out") == 12 and running(disk / "out") == 0


@pytest.mark.parametrize("seconds", [0.8, 1.6, 3.0])
def test_a_sweep_that_is_stopped_while_its_workers_start_ends_in_silence(person, sweep, seconds):
    process = person.begin(*sweep, "budget.trials=2", "trainer.max_epochs=100000")
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert running(person.work / "out") == 0
