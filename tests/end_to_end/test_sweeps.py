"""Sweeps as a person runs them: what is trained, counted, kept, told and printed."""

import json
import re
import shlex
import sqlite3
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import yaml
from tests.end_to_end.conftest import ROOT

from seqlab.files import read_rows

pytestmark = pytest.mark.slow

FIXED = ["data=archive", "data.name=ItalyPowerDemand", "model=gru", "logger=none", "trainer.max_epochs=3"]
SPACE = {
    "model.hidden_size": {"type": "int", "low": 4, "high": 16},
    "optimizer.lr": {"type": "float", "low": 1e-3, "high": 1e-1, "log": True},
}
BROKEN = '''
import os
from seqlab import register
from seqlab.recurrent.cells import GRU

register("cell", "broken", target="broken:Broken")

class Broken(GRU):
    """Raises on its first batch."""
    def forward(self, *args, **kwargs):
        raise RuntimeError("these gates do not open")
'''


@pytest.fixture
def ask(person):
    """Writes a sweep, runs it, and returns (exit code, output, errors, rows of trials.parquet)."""

    def run(*words: str, **question):
        plain = {"question": "?", "fixed": FIXED, "space": SPACE, "sampler": {"name": "random"}, **question}
        (person.work / "mine.yaml").write_text(yaml.safe_dump(plain))
        command = [str(ROOT / "sweep.py"), "sweep=mine.yaml", "sweep.dir=out", "workers=2", *words]
        process = person.begin(*command)
        out, err = process.communicate(timeout=300)
        table = person.work / "out" / "trials.parquet"
        return process.returncode, out, err, parquet.read_table(table).to_pylist() if table.exists() else []

    return run


def result_of(directory: Path) -> dict:
    return json.loads((directory / "result.json").read_text(encoding="utf-8"))


def test_the_best_command_trains_the_best_trial_again_to_the_digit(person, ask):
    code, out, err, rows = ask("budget.trials=5", fixed=[*FIXED, "model.dropout=0.2", "data.jitter=0.1"])
    assert (code, err) == (0, "")
    best = max(rows, key=lambda row: row["validation.accuracy"])
    command = next(line.strip() for line in out.splitlines() if "train.py" in line)
    words = shlex.split(command)
    again = person.train(*words[2:], "hydra.run.dir=again")
    assert (again.returncode, again.stderr) == (0, "")
    here, there = (
        result_of(person.work / "again"),
        result_of(person.work / f"out/trials/all/{best['number']}"),
    )
    assert here["metrics"] == there["metrics"]
    assert here["metrics"]["validation"]["accuracy"] == best["validation.accuracy"]
    assert here["baselines"] == there["baselines"] and here["data"] == there["data"]
    epochs = [
        [(row["train"], row["validation"]) for row in read_rows(d / "metrics.jsonl")]
        for d in (person.work / "again", person.work / f"out/trials/all/{best['number']}")
    ]
    assert epochs[0] == epochs[1]


def test_only_the_best_keep_their_files_and_every_trial_its_numbers(person, ask):
    code, _, _, rows = ask("budget.trials=7", "trial.keep=2")
    assert code == 0 and len(rows) == 7
    ranked = sorted(rows, key=lambda row: (-row["validation.accuracy"], row["number"]))
    heavy = {"checkpoints", "figures", "predictions.parquet"}
    for place, row in enumerate(ranked):
        names = {p.name for p in (person.work / f"out/trials/all/{row['number']}").iterdir()}
        assert names >= {"config.yaml", "result.json", "metrics.jsonl"}
        assert names & heavy == (heavy if place < 2 else set())
    best = f"out/trials/all/{ranked[0]['number']}"
    assert "accuracy" in person.seqlab("evaluate", best).stdout


def test_the_same_command_again_only_reports_and_a_larger_budget_adds_the_difference(person, ask):
    first = ask("budget.trials=3")
    again = ask("budget.trials=3")
    assert again[0] == 0 and again[3] == first[3]
    more = ask("budget.trials=5", "workers=1", "trial.retries=0")
    assert len(more[3]) == 5 and more[3][:3] == first[3]
    code, out, err, rows = ask("budget.trials=5", space={**SPACE, "model.dropout": {"low": 0.0, "high": 0.5}})
    assert code == 2 and out == "" and "another question" in err and "model.dropout" in err and len(rows) == 5
    code, _, _, rows = ask(
        "budget.trials=2", "force=true", space={**SPACE, "model.dropout": {"low": 0.0, "high": 0.5}}
    )
    assert code == 0 and len(rows) == 2 and "params.model.dropout" in rows[0]


def test_a_trial_that_diverges_counts_as_the_worst_and_is_said_as_a_rate(ask):
    code, out, _, rows = ask(
        "budget.trials=6",
        fixed=[
            *FIXED,
            "model.cell=rnn",
            "model.nonlinearity=relu",
            "optimizer=sgd",
            "trainer.gradient_clip=null",
        ],
        space={"optimizer.lr": {"type": "categorical", "choices": [0.01, 100.0]}},
        sampler={"name": "grid"},
    )
    assert code == 0 and len(rows) == 2  # a grid of two
    states = {row["params.optimizer.lr"]: row for row in rows}
    assert states[0.01]["state"] == "complete"
    bad = states[100.0]
    assert bad["state"] == "diverged" and bad["validation.accuracy"] is None and "finite" in bad["reason"]
    assert bad["epochs"] == 1
    assert re.search(r"50 ?%", out)


def test_trials_that_raise_stop_the_sweep_when_all_fail_alike(person, ask):
    (person.work / "broken.py").write_text(BROKEN)
    fixed = [*FIXED, "plugins=[broken]", "model.cell=broken"]
    code, out, err, rows = ask("budget.trials=9", fixed=fixed)
    assert code == 1 and err == ""
    assert "failed for one reason" in out and "these gates do not open" in out
    assert 3 <= len(rows) <= 4 and {row["state"] for row in rows} == {"failed"}
    assert "Traceback" in (person.work / "out" / "workers.log").read_text()


def test_trials_that_raise_are_replaced_and_the_sweep_goes_on(person, ask):
    (person.work / "broken.py").write_text(BROKEN)
    words = ["plugins=[broken]"]
    space = {**SPACE, "model.cell": {"type": "categorical", "choices": ["gru", "broken"]}}
    code, _, _, rows = ask("budget.trials=6", "trial.retries=20", *words, space=space)
    states = [row["state"] for row in rows]
    assert code == 0 and states.count("complete") == 6 and states.count("failed") >= 1
    assert all("gates" in row["reason"] for row in rows if row["state"] == "failed")
    assert {row["params.model.cell"] for row in rows if row["state"] == "complete"} == {"gru"}


def test_fail_fast_stops_at_the_first_failure(person, ask):
    (person.work / "broken.py").write_text(BROKEN)
    words = ["plugins=[broken]", "trial.fail_fast=true", "workers=1"]
    space = {"model.cell": {"type": "categorical", "choices": ["gru", "broken", "lstm"]}}
    code, out, _, rows = ask("budget.trials=3", *words, space=space, sampler={"name": "grid"})
    assert code == 1 and "fail_fast" in out
    assert [row["state"] for row in rows] == ["complete", "failed"]


def test_constraints_on_costs_turn_trials_down_before_they_train(ask):
    code, _, _, rows = ask("budget.trials=4", constraints=["cost.parameters <= 600"])
    counted = [row for row in rows if row["state"] == "complete"]
    down = [row for row in rows if row["state"] == "infeasible"]
    assert code == 0 and len(counted) == 4 and down
    # one layer of a GRU has 3 H (1 + H + 2) numbers, the head 2 (H + 1)
    size = {h: 3 * h * (1 + h + 2) + 2 * (h + 1) for h in range(4, 17)}
    assert all(size[row["params.model.hidden_size"]] <= 600 for row in counted)
    assert all(size[row["params.model.hidden_size"]] > 600 and row["epochs"] == 0 for row in down)


def test_constraints_that_nothing_meets_are_refused_before_anything_trains(ask):
    code, out, err, rows = ask("budget.trials=4", constraints=["cost.parameters <= 10"])
    assert code == 2 and rows == []
    assert "none of 1,000 points" in err and len(err.splitlines()) <= 3 and "Traceback" not in out


def test_several_objectives_leave_a_front(person, ask):
    objective = [
        {"metric": "validation.accuracy"},
        {"metric": "cost.parameters"},
        {"metric": "cost.latency_ms"},
    ]
    code, out, err, rows = ask("budget.trials=5", objective=objective)
    assert (code, err) == (0, "")
    for row in rows:
        result = result_of(person.work / f"out/trials/all/{row['number']}")
        assert row["cost.parameters"] == result["cost"]["parameters"]
        assert row["cost.latency_ms"] > 0
    assert "front" in out.lower()


def test_pruning_saves_epochs_and_is_written_down(person, ask):
    fixed = [word for word in FIXED if "epochs" not in word] + ["trainer.max_epochs=27"]
    space = {"optimizer.lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True}}
    code, _, _, rows = ask(
        "budget.trials=12", "pruner=hyperband", "pruner.warmup_epochs=3", fixed=fixed, space=space
    )
    assert code == 0 and len(rows) == 12
    pruned = [row for row in rows if row["state"] == "pruned"]
    assert pruned and all(3 <= row["epochs"] < 27 for row in pruned)
    for row in rows:
        result = result_of(person.work / f"out/trials/all/{row['number']}")
        lines = (person.work / f"out/trials/all/{row['number']}/metrics.jsonl").read_text().splitlines()
        assert len(lines) == row["epochs"] == result["epochs"]["run"]
        assert result["status"] == ("pruned" if row["state"] == "pruned" else "completed")


def test_arms_have_equal_budgets_and_studies_of_their_own(person, ask):
    arms = {"small": ["model.num_layers=1"], "large": ["model.num_layers=2"], "rnn": ["model.cell=rnn"]}
    code, out, _, rows = ask("budget.trials=3", arms=arms)
    assert code == 0 and sorted(row["arm"] for row in rows) == sorted([*arms] * 3)
    with sqlite3.connect(person.work / "out" / "study.db") as connection:
        names = {name for (name,) in connection.execute("select study_name from studies")}
    assert names == {"mine/small", "mine/large", "mine/rnn"}
    assert all(
        result_of(person.work / "out/trials/large" / str(n))["model"]["num_layers"] == 2 for n in range(3)
    )
    assert all(name in out for name in arms)


def test_a_trial_of_two_processes_is_pruned_and_scored_like_one(person, ask):
    fixed = [word for word in FIXED if "epochs" not in word] + ["trainer.max_epochs=9"]
    space = {"optimizer.lr": {"type": "categorical", "choices": [1e-2, 1e-5, 1e-6, 1e-7]}}
    question = {"space": space, "sampler": {"name": "grid"}}
    words = ["budget.trials=4", "workers=1", "pruner=halving", "pruner.warmup_epochs=2", "trial.keep=1"]
    code, out, err, rows = ask(*words, "trainer=ddp", fixed=fixed, **question)
    assert (code, err) == (0, ""), out
    states = [row["state"] for row in rows]
    assert states[0] == "complete" and "pruned" in states
    assert (person.work / "out/trials/all/0/checkpoints/best.ckpt").is_file()
    alone = ask(*words, "sweep.dir=alone", fixed=fixed, **question)
    table = parquet.read_table(person.work / "alone" / "trials.parquet").to_pylist()
    assert alone[0] == 0 and [row["state"] for row in table] == states
    assert table[0]["validation.accuracy"] == pytest.approx(rows[0]["validation.accuracy"])


@pytest.mark.parametrize("which", ["all", "best"])
def test_trials_appear_in_wandb_in_the_sweeps_group_with_their_parameters(person, ask, which, wandb_records):
    fixed = [word for word in FIXED if "logger" not in word]
    code, _, err, rows = ask("budget.trials=3", f"wandb.trials={which}", fixed=fixed)
    assert (code, err) == (0, "")
    for row in rows:
        records = wandb_records(person.work / f"out/trials/all/{row['number']}")
        (begun,) = [record["run"] for record in records if record["type"] == "run"]
        assert (begun["run_group"], begun["job_type"]) == ("mine", "trial")
        assert "arm all" in begun["tags"]
        config = begun["config"]["update"]
        assert config["model"]["hidden_size"] == row["params.model.hidden_size"]
        assert config["optimizer"]["lr"] == row["params.optimizer.lr"]
        history = [record for record in records if record["type"] == "history"]
        assert len(history) >= 3
        summary: dict = {}
        for record in records:
            summary |= record["summary"].get("update", {}) if record["type"] == "summary" else {}
        assert summary["validation.accuracy"] == row["validation.accuracy"]


def test_none_keeps_wandb_out(person, ask):
    fixed = [word for word in FIXED if "logger" not in word]
    code, _, _, rows = ask("budget.trials=2", "wandb.trials=none", fixed=fixed)
    assert code == 0 and len(rows) == 2
    assert not list((person.work / "out").rglob("wandb"))


def test_hydras_door_leads_to_the_same_engine(person):
    words = [
        *FIXED, "-m", "hydra/sweeper=seqlab", "model.num_layers=choice(1,2,3)",
        "model.hidden_size=tag(log,int(interval(4,16)))", "model.bidirectional=choice(true,false)",
        "hydra.sweeper.budget.trials=4", "hydra.sweeper.workers=2", "hydra.sweep.dir=out",
    ]  # fmt: skip
    first = person.train(*words)
    assert (first.returncode, first.stderr) == (0, "")
    rows = parquet.read_table(person.work / "out" / "trials.parquet").to_pylist()
    assert [row["state"] for row in rows] == ["complete"] * 4
    assert all(row["params.model.num_layers"] in (1, 2, 3) for row in rows)
    assert all(4 <= row["params.model.hidden_size"] <= 16 for row in rows)
    again = person.train(*words)
    assert again.returncode == 0
    assert parquet.read_table(person.work / "out" / "trials.parquet").to_pylist() == rows
    assert not list(person.work.rglob("multirun.yaml")) and not list(person.work.rglob(".hydra"))
    best = next(line.strip() for line in first.stdout.splitlines() if "train.py" in line)
    assert "hydra" not in best


def test_files_of_ones_own_do_not_stand_in_for_the_standard_librarys(person, ask):
    for name in ("grp", "random", "queue", "types"):
        (person.work / f"{name}.py").write_text("raise RuntimeError('this is not the standard library')\n")
    code, out, err, rows = ask("budget.trials=2")
    assert (code, err) == (0, ""), out
    assert [row["state"] for row in rows] == ["complete"] * 2
