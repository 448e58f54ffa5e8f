"""One sweep from many machines, over a real PostgreSQL: shared, killed, silent, cut off, and without a secret."""

import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from tests.end_to_end.conftest import ROOT
from tests.postgresql import CAREFUL, PASSWORD, Server

pytestmark = pytest.mark.slow

SWEEP = """
question: Does it work from many machines?
fixed: [data=archive, data.name=ItalyPowerDemand, model=gru, logger=none]
space:
  model.hidden_size: {type: int, low: 4, high: 16}
  optimizer.lr: {type: float, low: 1e-4, high: 1e-1, log: true}
sampler: random
workers: 1
"""
LONG = "trainer.max_epochs=100000"


class Lab:
    """Machines that share nothing but a database: each has its sweep directory.

    Args:
        person: whose commands they are.
        server: the database's.
    """

    def __init__(self, person, server: Server) -> None:
        self.person, self.server = person, server
        self.name = server.new_database()
        self.address = server.address(self.name)
        (person.work / "mine.yaml").write_text(SWEEP)

    def begin(self, directory: str, *words: str, before: str = ""):
        """`python sweep.py` on a machine, after a line of Python of our own."""
        code = f"import sys, runpy; sys.argv[0] = 'sweep.py'; {before}\n"
        code += f"runpy.run_path({str(ROOT / 'sweep.py')!r}, run_name='__main__')"
        given = [] if any(word.startswith("storage=") for word in words) else [f"storage={self.address}"]
        if "SEQLAB_STORAGE" in self.person.environment:
            given = []
        return self.person.begin("-c", code, "sweep=mine.yaml", f"sweep.dir={directory}", *given, *words)

    def trials(self, sweep: str = "mine") -> list[tuple[int, str, dict]]:
        """Number, Optuna's state and our own note of every trial."""
        query = (
            "select number, state, (select value_json from trial_user_attributes a where a.trial_id = t.trial_id"
            f" and key = 'seqlab') from trials t join studies using (study_id) where study_name = '{sweep}/all'"
            " order by number"
        )
        rows = self.server.ask(query, self.name)
        return [(number, state, json.loads(note) if note else {}) for number, state, note in rows]

    def states(self, sweep: str = "mine") -> Counter[str]:
        """How many trials are in which of Optuna's states; empty before there are tables."""
        if not self.server.ask("select 1 from pg_tables where tablename = 'seqlab_slots'", self.name):
            return Counter()
        return Counter(state for _, state, _ in self.trials(sweep))

    def run_dirs(self, directory: str) -> set[int]:
        """Numbers of the trials whose files lie in a machine's directory."""
        return {int(path.parent.name) for path in (self.person.work / directory).rglob("result.json")}


@pytest.fixture
def lab(person, postgresql):
    """A laboratory with an empty database."""
    yield Lab(person, postgresql)
    if not postgresql.is_up():
        postgresql.start()


def ends(process, code: int = 0, seconds: float = 300) -> str:
    """What a coordinator printed, once it has ended as it should."""
    out, err = process.communicate(timeout=seconds)
    assert (process.returncode, err) == (code, ""), (out, err)
    return out


def wait_until(condition, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def on_machine(name: str, **seconds: float) -> str:
    """A line of Python that makes a process believe it is on another machine; patience and silence as given."""
    lines = [f"import socket; socket.gethostname = lambda: {name!r}"]
    if "silence" in seconds:
        lines.append(f"import seqlab.sweep.owners as o; o.SILENCE_SECONDS = {seconds['silence']}")
    if "patience" in seconds:
        lines.append(f"import seqlab.sweep.patience as p; p.PATIENCE_SECONDS = {seconds['patience']}")
    return "; ".join(lines)


def test_two_machines_share_one_sweep(lab):
    words = ["budget.trials=12", "trainer.max_epochs=20"]
    both = [lab.begin(name, *words, before=on_machine(name)) for name in ("a", "b")]
    for process in both:
        ends(process)
    assert lab.states() == {"COMPLETE": 12}
    here, there = lab.run_dirs("a"), lab.run_dirs("b")
    assert here and there and here | there == set(range(12)) and not here & there
    tables = [
        parquet.read_table(lab.person.work / name / "trials.parquet").to_pylist() for name in ("a", "b")
    ]
    assert tables[0] == tables[1] and len(tables[0]) == 12
    assert len({row["params.optimizer.lr"] for row in tables[0]}) == 12
    for name in ("a", "b"):
        done = lab.person.seqlab("status", name, "--storage", lab.address)
        assert done.returncode == 0 and "12 of 12 trials, nobody is at work on it" in done.stdout, done.stderr
    assert "12 done already" in ends(lab.begin("c", *words))  # a third machine only reports
    assert not lab.run_dirs("c")


def test_trials_of_a_killed_coordinator_are_taken_over(lab):
    first = lab.begin("a", "budget.trials=4", LONG)
    wait_until(lambda: (lab.person.work / "a/trials/all/0/metrics.jsonl").exists())
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert lab.states() == {"RUNNING": 1}
    # the settings are the question's: the other directory is the one that is asked
    second = lab.begin("b", "budget.trials=4", LONG)
    wait_until(lambda: (lab.person.work / "b/trials/all/1/metrics.jsonl").exists())
    assert lab.states() == {"FAIL": 1, "RUNNING": 1}
    os.kill(second.pid, signal.SIGINT)
    assert "go on with:" in ends(second, 130)
    (_, _, lost), (_, _, again) = lab.trials()
    assert "its coordinator was killed" in lost["reason"] and lost["lost"]
    assert again["retry_of"] == 0
    settings = [
        (lab.person.work / path / "config.yaml").read_text().replace("all-1", "all-0")
        for path in ("a/trials/all/0", "b/trials/all/1")
    ]
    assert settings[0] == settings[1]


def test_a_machine_that_falls_silent_is_taken_for_dead_and_its_trial_does_not_count(lab):
    words = ["budget.trials=3", "trainer.max_epochs=150"]
    far = lab.begin("far", *words, before=on_machine("far"))
    wait_until(lambda: (lab.person.work / "far/trials/all/0/metrics.jsonl").exists())
    os.kill(far.pid, signal.SIGSTOP)
    here = lab.begin("here", *words, before=on_machine("here", silence=8))
    out = ends(here)
    assert lab.states() == {"COMPLETE": 3, "FAIL": 1}
    assert 0 not in lab.run_dirs("here")
    os.kill(far.pid, signal.SIGCONT)
    out = ends(far)
    assert "taken for dead" in out
    assert lab.states() == {"COMPLETE": 3, "FAIL": 1}
    (_, state, note), *_ = lab.trials()
    assert state == "FAIL" and "machine is gone" in note["reason"]


def test_a_database_that_restarts_costs_no_trial(lab):
    process = lab.begin("a", "budget.trials=12", "trainer.max_epochs=40", "workers=2", "pruner=median")
    for seconds in (1.0, 4.0):
        done = lab.states()["COMPLETE"]
        wait_until(lambda done=done: lab.states()["COMPLETE"] > done and lab.states()["RUNNING"])
        lab.server.stop("immediate")
        time.sleep(seconds)
        lab.server.start()
    out = ends(process)
    states = lab.states()
    assert set(states) <= {"COMPLETE", "PRUNED"} and states.total() == 12, out
    assert out.count("the database is away; waiting for it") == out.count("the database is back") >= 1


def test_a_database_that_stays_away_stops_the_sweep_in_a_line_and_it_goes_on_later(lab):
    words = ["budget.trials=8", "trainer.max_epochs=40", "workers=2"]
    process = lab.begin("a", *words, before=on_machine("a", patience=3))
    wait_until(lambda: lab.states()["COMPLETE"] >= 2)
    lab.server.stop("immediate")
    out = ends(process, 1)
    (line,) = [line for line in out.splitlines() if "go on with" in line]
    assert "the database:" in line and "Connection refused" in line
    assert "Traceback" not in out
    refused = lab.begin("a", *words)
    out, err = refused.communicate(timeout=60)
    assert refused.returncode == 2 and err.startswith("error: storage: ") and "Connection refused" in err
    lab.server.start()
    ends(lab.begin("a", *words, before=on_machine("a")))
    states = lab.states()
    assert states["COMPLETE"] == 8 and states["RUNNING"] == 0


def test_ctrl_c_does_not_wait_for_a_database_that_is_away(lab):
    process = lab.begin("a", "budget.trials=2", LONG)
    wait_until(lambda: (lab.person.work / "a/trials/all/0/metrics.jsonl").exists())
    lab.server.stop("immediate")
    waiting = threading.Timer(4, os.kill, (process.pid, signal.SIGINT))
    waiting.start()
    out = ends(process, 130, seconds=45)  # a database is waited for for a minute
    assert "go on with:" in out


def test_sweeps_of_different_names_share_a_database_and_force_begins_one_of_them_anew(lab):
    words = ["budget.trials=2", "trainer.max_epochs=2"]
    both = [lab.begin("a", *words), lab.begin("b", *words, "sweep.name=mine-too")]
    for process in both:
        ends(process)
    changed = [*words[:1], "trainer.max_epochs=3"]
    process = lab.begin("c", *changed)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "another question (settings.all.trainer.max_epochs: 2 there, 3 here)" in err
    before = lab.trials("mine-too")
    ends(lab.begin("a", *changed, "force=true"))
    assert lab.states() == lab.states("mine-too") == {"COMPLETE": 2}
    assert lab.trials("mine-too") == before
    assert {note["epochs"] for _, _, note in lab.trials()} == {3}


@pytest.mark.parametrize("given", ["as a setting", "in the environment"])
def test_a_password_appears_nowhere(lab, given):
    lab.server.ask(f"GRANT CREATE ON SCHEMA public TO {CAREFUL}", lab.name)
    address = lab.server.address(lab.name, CAREFUL, PASSWORD)
    words = [] if given == "in the environment" else [f"storage={address}"]
    if not words:
        lab.person.environment["SEQLAB_STORAGE"] = address
    (lab.person.work / "mine.yaml").write_text(SWEEP.replace("logger=none", "logger=wandb"))
    said = [ends(lab.begin("a", *words, "budget.trials=2", "trainer.max_epochs=2"))]
    assert lab.states() == {"COMPLETE": 2}
    # interrupted, cut off, refused, looked at
    process = lab.begin(
        "a", *words, "budget.trials=9", "trainer.max_epochs=2", before=on_machine("a", patience=1)
    )
    wait_until(lambda: lab.states()["COMPLETE"] > 2)
    lab.server.stop("immediate")
    said.append(ends(process, 1))
    said += lab.begin("a", *words).communicate(timeout=60)
    lab.server.start()
    storage = words[0].removeprefix("storage=") if words else None
    flags = ["--storage", storage] if storage else []
    done = lab.person.seqlab("status", "a", *flags)
    assert done.returncode == 0, done.stderr
    lab.server.ask(f"ALTER ROLE {CAREFUL} PASSWORD 'another'")
    try:
        said += lab.begin("a", *words).communicate(timeout=60)
        refused = lab.person.seqlab("status", "a", *flags)
        said += lab.begin("a", *words, "--cfg", "job").communicate(timeout=60)
    finally:
        lab.server.ask(f"ALTER ROLE {CAREFUL} PASSWORD '{PASSWORD}'")
    said += [done.stdout, done.stderr, refused.stdout, refused.stderr]
    assert refused.returncode == 2 and "authentication failed" in refused.stderr
    assert PASSWORD not in "\n".join(said)
    assert f"{CAREFUL}:<redacted>@" in said[0]
    left = [path for path in lab.person.work.parent.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in left)
    assert {"config.yaml", "result.json", "sweep.yaml", "workers.log"} <= {path.name for path in left}
    assert [str(path) for path in left if PASSWORD.encode() in path.read_bytes()] == []


def test_a_missing_driver_is_said_in_a_line_before_anything_is_made(lab):
    process = lab.begin("a", before="sys.modules['psycopg'] = None")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and out == ""
    assert err == "error: storage: PostgreSQL needs the package psycopg: pip install 'seqlab[postgresql]'\n"
    assert not list(Path(lab.person.work / "a").glob("sweep.yaml"))


def test_coordinators_in_one_directory_tell_wandb_of_every_trial_once(lab):
    (lab.person.work / "mine.yaml").write_text(SWEEP.replace("logger=none", "logger=wandb"))
    words = ["budget.trials=4", "trainer.max_epochs=10", "wandb.trials=best"]
    both = [lab.begin("shared", *words, before=on_machine(name)) for name in ("a", "b")]
    for process in both:
        ends(process)
    table = parquet.read_table(lab.person.work / "shared/trials.parquet").to_pylist()
    assert {row["machine"] for row in table} == {"a", "b"}
    trials = lab.person.work / "shared/trials/all"
    assert [len(list((trials / str(n)).glob("wandb/offline-run-*"))) for n in range(4)] == [1] * 4
