"""A sweep seen from another terminal: while it is written, after a kill, and from its table alone."""

import io
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import optuna
import pytest
import yaml
from filelock import FileLock

from seqlab.cli.parsing import run_command
from seqlab.errors import UserError
from seqlab.replication import LOCK_FILE
from seqlab.results import TrialRow
from seqlab.sweep.frozen import QUESTION_FILE, QUESTION_HEADER
from seqlab.sweep.rows import write_trials
from seqlab.sweep.status import STORAGE_VARIABLE, show_status
from seqlab.sweep.store import Store

NAMES = ("lstm", "gru")


@pytest.fixture(autouse=True)
def no_database_of_the_environment(monkeypatch):
    monkeypatch.delenv(STORAGE_VARIABLE, raising=False)


@pytest.fixture
def place(tmp_path) -> Path:
    """A directory with a question, whose name needs quoting."""
    directory = tmp_path / "my [sweep] ä"
    directory.mkdir()
    question = {
        "name": "widths",
        "question": "Is [width] worth it?",
        "arms": {name: [f"model={name}"] for name in NAMES},
        "objective": [{"metric": "validation.accuracy", "direction": "auto"}],
    }
    text = f"{QUESTION_HEADER}\n{yaml.safe_dump(question)}"
    (directory / QUESTION_FILE).write_text(text, encoding="utf-8")
    return directory


def fill(store: Store) -> None:
    """Two trials that ended and one that runs, in each arm."""
    for place, arm in enumerate(NAMES):
        study = store.study(arm, ["maximize"])
        for number in range(3):
            trial = study.ask()
            lr = trial.suggest_float("optimizer.lr", 1e-4, 1e-1, log=True)
            if number < 2:
                trial.set_user_attr("seqlab", {"state": "complete", "epochs": 3, "seconds": 2.0})
                study.tell(trial, 0.5 + place / 10 + number / 100)
            assert 1e-4 <= lr <= 1e-1


@pytest.fixture
def store(place):
    """The sweep's own database, open and written to."""
    opened = Store(place / "study.db", "widths")
    fill(opened)
    yield opened
    opened.close()


def status(*arguments) -> list[str]:
    stream = io.StringIO()
    assert show_status(*arguments, stream=stream) == 0
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_a_sweep_at_work_is_shown_and_not_disturbed(place, store):
    store.owners.beat()
    lines = status(place)
    assert lines[0].startswith(
        "widths 4 trials that count, 2 running, 1 coordinator at work, 8 s of training"
    )
    assert "Is [width] worth it?" in lines
    assert any(line.startswith("lstm 2 0 0 0 1 0.5100 lr=") for line in lines)
    assert any(line.startswith("gru 2 0 0 0 1 0.6100 lr=") for line in lines)
    assert "best validation.accuracy 0.6100, trial 1 of gru" in lines
    assert any(line.endswith("trials/gru/1") for line in lines)
    store.study("lstm").ask()  # can be written to as before
    assert status(place)[0].startswith("widths 4 trials that count, 3 running")


def test_it_is_read_while_somebody_holds_the_lock_to_write(place, store):
    writer = sqlite3.connect(place / "study.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        assert status(place)[0].startswith("widths 4 trials")
    finally:
        writer.execute("ROLLBACK")
        writer.close()


def test_nobody_at_work_is_said_and_no_file_is_left_behind(place):
    store = Store(place / "study.db", "widths")
    fill(store)
    store.close()
    before = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    first = " ".join(status(place)[:2])
    assert "nobody is at work on it, 2 cut off, to be tried again when it goes on" in first
    assert {path.name: path.stat().st_mtime_ns for path in place.iterdir()} == before


def test_the_budget_is_shown_where_it_was_written_down(place, store):
    store.write_fact("budget", dict.fromkeys(NAMES, 20))
    assert status(place)[0].startswith("widths 4 of 40 trials, ")


def test_another_database_by_flag_or_environment(place, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    store = Store(tmp_path / "elsewhere.db", "widths")
    fill(store)
    store.close()
    assert f"read from {url}" in status(place, url)
    monkeypatch.setenv(STORAGE_VARIABLE, url)
    assert f"read from {url}" in status(place)


def test_trials_parquet_is_read_where_there_is_no_database(place):
    rows = [
        TrialRow(arm="gru", number=n, state="complete", parameters={"optimizer.lr": 0.1}, values=(n / 10,))
        for n in range(3)
    ]
    write_trials(place / "trials.parquet", rows, ["validation.accuracy"])
    lines = status(place)
    assert lines[0].startswith("widths 3 trials that count, 0 s of training")
    assert "best validation.accuracy 0.2000, trial 2 of gru" in lines
    assert "trials.parquet, written " in lines[-1]


def test_a_front_is_shown_for_several_objectives(place):
    question = yaml.safe_load((place / QUESTION_FILE).read_text())
    question["objective"].append({"metric": "cost.parameters", "direction": "auto"})
    (place / QUESTION_FILE).write_text(f"{QUESTION_HEADER}\n{yaml.safe_dump(question)}")
    rows = [
        TrialRow(arm="gru", number=n, state="complete", parameters={}, values=(accuracy, size))
        for n, (accuracy, size) in enumerate([(0.9, 500.0), (0.8, 100.0), (0.7, 300.0)])
    ]
    write_trials(place / "trials.parquet", rows, ["validation.accuracy", "cost.parameters"])
    lines = status(place)
    assert any(line.startswith("Pareto front: 2 trials") for line in lines)
    assert "0.9000 500 gru 0 0" in lines and "0.7000 300 gru 2 0" not in lines


@pytest.mark.parametrize("make", ["nothing", "empty", "foreign", "unfilled"])
def test_what_is_no_sweep_is_refused(tmp_path, place, make: str):
    directory = tmp_path / make
    if make != "nothing":
        directory.mkdir()
    if make == "foreign":
        (directory / QUESTION_FILE).write_text("program: train.py\n")
    with pytest.raises(UserError) as caught:
        show_status(place if make == "unfilled" else directory)
    assert len(str(caught.value).splitlines()) <= 3
    assert not (directory / "study.db").exists()


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        ("sqlite:///{}/none.db", "there is no such file"),
        ("sqlite:///{}/text.db", "not a database"),
        ("sqlite:///{}/other.db", "holds nothing of the sweep 'widths'"),
        ("nonsense", "cannot be read"),
    ],
)
def test_a_database_that_cannot_be_read_is_refused_and_none_is_made(
    place, tmp_path, storage: str, words: str
):
    (tmp_path / "text.db").write_text(
        "no database, though long enough to be taken for one at first sight" * 20
    )
    optuna.create_study(storage=f"sqlite:///{tmp_path}/other.db")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError, match=words) as caught:
        show_status(place, storage.format(tmp_path))
    assert str(caught.value).startswith("--storage: ")
    assert len(str(caught.value).splitlines()) <= 3
    assert sorted(tmp_path.iterdir()) == before


def test_the_command_imports_no_torch_and_ends_with_0(place, store):
    code = textwrap.dedent(
        """
        import sys
        from seqlab.cli.parsing import run_command
        code = run_command(["status", sys.argv[1]])
        print(code, {"torch", "pytorch_lightning", "wandb", "sklearn"} & set(sys.modules))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.startswith("widths")
    assert done.stdout.splitlines()[-1] == "0 set()"


def test_the_command_refuses_as_any_other(tmp_path):
    with pytest.raises(UserError, match="SWEEP_DIR"):
        run_command(["status"])
    with pytest.raises(UserError, match="no directory of a sweep"):
        run_command(["status", str(tmp_path)])


def test_the_comparison_that_follows_the_trials_is_seen_at_work(place):
    store = Store(place / "study.db", "widths")
    fill(store)
    store.close()
    question = yaml.safe_load((place / QUESTION_FILE).read_text(encoding="utf-8"))
    question["protocol"] = {"contrasts": [["gru", "lstm"]]}
    (place / QUESTION_FILE).write_text(f"{QUESTION_HEADER}\n{yaml.safe_dump(question)}", encoding="utf-8")
    with FileLock(place / LOCK_FILE):
        said = "\n".join(status(place))
        assert "the comparison that follows them is at work" in said and "at work on them now" in said
        assert "nobody is at work" not in said
    assert "the same command goes on" in "\n".join(status(place))
