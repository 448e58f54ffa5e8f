"""Sweeps whose trials are cross-validations: what is trained, written down and printed, also when it is disturbed."""

import json
import os
import shlex
import signal
import statistics
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.test_sweep_survival import counted, trials, wait_until, workers_of

pytestmark = pytest.mark.slow

SWEEP = """
question: Is it worth it?
fixed: [data=archive, data.name=ItalyPowerDemand, model=gru, logger=none, model.dropout=0.2, seed=3]
space:
  model.hidden_size: {type: int, low: 4, high: 16}
  optimizer.lr: {type: float, low: 1e-3, high: 1e-1, log: true}
sampler: random
trial: {folds: 3, fold_repeats: 2, keep: 1}
"""
RUNS = 6


@pytest.fixture
def sweep(person):
    """The words of a sweep whose trials have six folds."""
    (person.work / "mine.yaml").write_text(SWEEP)
    return [str(ROOT / "sweep.py"), "sweep=mine.yaml", "sweep.dir=out", "workers=2"]


def results(directory: Path) -> dict[str, dict]:
    """Below a directory, every result by its run directory."""
    return {
        str(p.parent.relative_to(directory)): json.loads(p.read_text())
        for p in directory.rglob("result.json")
    }


def numbers(result: dict) -> tuple:
    return result["metrics"], result["epochs"], result["data"]


def test_a_trial_is_the_mean_of_its_folds_and_each_of_them_can_be_trained_again(person, sweep):
    process = person.begin(*sweep, "budget.trials=3", "trainer.max_epochs=3")
    out, err = process.communicate(timeout=200)
    assert (process.returncode, err) == (0, ""), out
    directory = person.work / "out"
    rows = parquet.read_table(directory / "trials.parquet").to_pylist()
    assert len(rows) == 3
    for row in rows:
        place = directory / f"trials/all/{row['number']}"
        folds = [results(place)[f"fold-{k}"] for k in range(RUNS)]
        scores = [fold["metrics"]["validation"]["accuracy"] for fold in folds]
        assert row["validation.accuracy"] == pytest.approx(statistics.fmean(scores))
        assert row["epochs"] == RUNS * 3
        whole = results(place)["."]
        assert whole["metrics"]["validation"]["accuracy"] == row["validation.accuracy"]
        assert whole["epochs"]["best"] == round(statistics.median(fold["epochs"]["best"] for fold in folds))
        assert whole["command"] == folds[0]["command"]
        assert whole["seconds"]["total"] == pytest.approx(sum(fold["seconds"]["total"] for fold in folds))
        # three folds hold out every sequence once
        assert [sum(f["data"]["sizes"]["validation"] for f in folds[i : i + 3]) for i in (0, 3)] == [67, 67]
    best = max(rows, key=lambda row: (row["validation.accuracy"], -row["number"]))["number"]
    with_files = {p.parent.parent.name for p in directory.glob("trials/all/*/fold-*/checkpoints")}
    assert (
        with_files == {str(best)}
        and len(list(directory.glob("trials/all/*/fold-*/checkpoints/best.ckpt"))) == RUNS
    )
    # out-of-fold predictions and baselines of the best trial, for the whole and fold by fold
    place = directory / f"trials/all/{best}"
    told = parquet.read_table(place / "predictions.parquet").to_pandas()
    assert told.groupby("id").size().tolist() == [2] * 67 and set(told["fold"]) == set(range(RUNS))
    right = (told["true"] == told["predicted"]).groupby(told["fold"]).mean()
    whole, parts = results(place)["."], [results(place)[f"fold-{k}"] for k in range(RUNS)]
    assert right.mean() == pytest.approx(whole["metrics"]["validation"]["accuracy"])
    baselines = [part["baselines"]["order_free"]["validation"]["accuracy"] for part in parts]
    assert whole["baselines"]["order_free"]["validation"]["accuracy"] == pytest.approx(
        statistics.fmean(baselines)
    )
    assert "without recurrence: " in out
    assert (place / "fold-1/figures/learning_curves.png").is_file()
    fold, everything = (line.strip() for line in out.splitlines() if "train.py" in line)
    kept = results(directory / f"trials/all/{best}")
    again = person.train(*shlex.split(fold)[2:], "hydra.run.dir=again")
    assert (again.returncode, again.stderr) == (0, "")
    assert numbers(results(person.work / "again")["."]) == numbers(kept["fold-0"])
    last = person.train(*shlex.split(kept["fold-4"]["command"])[2:], "hydra.run.dir=last")
    assert (last.returncode, last.stderr) == (0, "")
    assert numbers(results(person.work / "last")["."]) == numbers(kept["fold-4"])
    whole = person.train(*shlex.split(everything)[2:], "hydra.run.dir=all")
    assert (whole.returncode, whole.stderr) == (0, "")
    result = results(person.work / "all")["."]
    assert result["data"]["sizes"] == {"train": 67} and result["epochs"]["run"] == kept["."]["epochs"]["best"]
    assert "accuracy" in person.seqlab("evaluate", f"out/trials/all/{best}/fold-1").stdout
    assert f"trials/all/{best}" in person.seqlab("status", "out").stdout
    refused = person.begin(*sweep, "budget.trials=3", "trainer.max_epochs=3", "trial.folds=4")
    out, err = refused.communicate(timeout=60)
    assert refused.returncode == 2 and "another question (trial.folds: 3 there, 4 here)" in err


def test_a_trial_is_stopped_between_folds_as_within_them_and_tried_again(person, sweep):
    directory = person.work / "out"
    words = [*sweep, "budget.trials=2", "trainer.max_epochs=20"]
    process = person.begin(*words)
    wait_until(lambda: (directory / "trials/all/0/fold-2").is_dir())
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "") and "go on with:" in out
    assert counted(directory) == 0
    assert results(directory / "trials/all/0")["."]["status"] == "interrupted"
    assert not list(directory.glob("trials/all/*/fold-*/checkpoints"))
    process = person.begin(*words)
    wait_until(lambda: any(directory.glob("trials/all/[2-9]/fold-1")))
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=200)
    assert (process.returncode, err) == (0, ""), out
    assert counted(directory) == 2
    rows = parquet.read_table(directory / "trials.parquet").to_pylist()
    done = [row for row in rows if row["state"] == "complete"]
    assert {row["params.optimizer.lr"] for row in done} == {row["params.optimizer.lr"] for row in rows}
    assert all(row["epochs"] == RUNS * 20 for row in done)


def test_the_time_limit_is_that_of_the_whole_trial(person, sweep):
    words = [
        "budget.trials=1",
        "workers=1",
        "trainer.max_epochs=20",
        "trial.folds=10",
        "trial.fold_repeats=200",
    ]
    process = person.begin(*sweep, *words, "trial.timeout=6", "trial.fail_fast=true")
    out, err = process.communicate(timeout=200)
    assert process.returncode == 1, (out, err)
    notes = [note["reason"] for _, state, note in trials(person.work / "out") if state == "FAIL"]
    assert len(notes) == 1 and "timed out" in notes[0]
    assert (person.work / "out/trials/all/0/fold-1/result.json").is_file()  # no fold took so long
