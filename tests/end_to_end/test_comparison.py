"""A comparison as a person runs it: tuned, replicated, interrupted, reported, and redone by somebody who doubts."""

import json
import os
import shlex
import signal
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
import yaml
from tests.end_to_end.conftest import ROOT

from seqlab.files import read_rows
from seqlab.sweep.pruning import is_spared

pytestmark = pytest.mark.slow

FILE = {
    "question": "Is a second layer worth it?",
    "fixed": ["data=archive", "data.name=ItalyPowerDemand", "logger=none", "trainer.max_epochs=3",
              "model.hidden_size=16"],
    "arms": {"gru": ["model=gru"], "gru_stacked": ["model=gru_stacked"]},
    "space": {"optimizer.lr": {"type": "float", "low": 1e-3, "high": 1e-1, "log": True}},
    "sampler": {"name": "random"},
    "budget": {"trials": 3},
    "trial": {"folds": 3, "keep": 1},
    "protocol": {
        "contrasts": {"a second layer": ["gru_stacked", "gru"]},
        "width": "solved",
        "candidates": 2,
        "reruns": 2,
        "replicates": [3],
        "references": False,
    },
}  # fmt: skip


@pytest.fixture
def compare(person):
    """Writes a comparison and begins it in runs/mine."""

    def begin(*words: str, **changes):
        plain = {**FILE, **changes}
        (person.work / "mine.yaml").write_text(yaml.safe_dump(plain))
        command = [str(ROOT / "sweep.py"), "sweep=mine.yaml", "sweep.dir=runs/mine", "workers=2", *words]
        return person.begin(*command)

    return begin


def ended(process) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def test_a_comparison_ends_with_the_path_of_a_page_and_can_be_redone(person, compare):
    code, out, err = ended(compare())
    assert (code, err) == (0, "")
    page = person.work / out.splitlines()[-1]
    assert page == person.work / "runs/mine/report/report.html"
    assert "Is a second layer worth it?" in page.read_text(encoding="utf-8")
    directory = person.work / "runs/mine"
    question = yaml.safe_load((directory / "sweep.yaml").read_text(encoding="utf-8"))
    assert question["protocol"]["margin"] == 0.01  # frozen, with its default
    plan = json.loads((directory / "comparison.json").read_text())
    assert plan["contrasts"][0]["differs"] == "model.num_layers: 2 and 1"
    spent = {width["arm"]: width["cost"] for width in plan["widths"]}
    assert abs(spent["gru_stacked"] / spent["gru"] - 1) < 0.1  # few units: whole numbers are coarse

    # what the page says can be redone from replicates.parquet alone
    table = parquet.read_table(directory / "replicates.parquet").to_pandas()
    assert set(table["kind"]) == {"replicate"}
    counts = table.groupby(["arm", "pair"]).size()
    assert set(counts) == {1029} and len(counts) == 6
    right = (table["truth"] == table["predicted"]).groupby([table["arm"], table["pair"]]).mean()
    for (arm, pair), accuracy in right.items():
        result = json.loads((directory / "replicates" / arm / pair / "result.json").read_text())
        assert result["metrics"]["test"]["accuracy"] == pytest.approx(accuracy, abs=1e-6)
        assert "validation" not in result["metrics"]
    verdicts = (directory / "report/tables/verdicts.csv").read_text(encoding="utf-8")
    difference = float(np.mean(right["gru_stacked"].to_numpy() - right["gru"].to_numpy()))
    assert repr(difference)[:8] in verdicts

    # a replicate is trained again by its command, to the digit
    run_dir = directory / "replicates/gru_stacked/1001"
    before = json.loads((run_dir / "result.json").read_text())
    again = person.train(*shlex.split(before["command"])[2:], "hydra.run.dir=again")
    assert (again.returncode, again.stderr) == (0, "")
    after = json.loads((person.work / "again/result.json").read_text())
    assert after["metrics"] == before["metrics"]

    # trials have read no test data, and one reading is in the register
    for result in directory.glob("trials/**/result.json"):
        assert "test" not in json.loads(result.read_text())["metrics"]
    rows = list(read_rows(person.work / "runs/test-register.jsonl"))
    assert [row["who"] for row in rows] == [str(directory)]

    # nothing is done twice, and the report alone can be made again
    stamps = {path: path.stat().st_mtime_ns for path in directory.glob("replicates/*/*/result.json")}
    code, out, err = ended(compare())
    assert (code, err) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    done = person.seqlab("report", "runs/mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert (person.work / done.stdout.splitlines()[-1]).is_file()
    assert len(list(read_rows(person.work / "runs/test-register.jsonl"))) == 1


def test_the_second_sweep_on_a_test_part_is_exploratory(person, compare):
    quick = {"trial": {"keep": 0}, "budget": {"trials": 1}}
    assert ended(compare(**quick))[0] == 0
    code, out, err = ended(compare("sweep.dir=runs/second", **quick))
    assert (code, err) == (0, "")
    assert "exploratory" in out.lower()


def test_an_interruption_loses_nothing(person, compare):
    for wanted, number, code in (
        ("runs/mine/selection/gru/*/result.json", signal.SIGINT, 130),
        ("runs/mine/replicates/gru/*/result.json", signal.SIGTERM, 143),
    ):
        process = compare("protocol.replicates=[6]")
        _wait_for(person.work, wanted)
        os.kill(process.pid, number)
        ending, out, err = ended(process)
        assert ending == code, (out, err)
        assert "go on with" in out
    done = {p: p.stat().st_mtime_ns for p in person.work.glob("runs/mine/replicates/*/*/result.json")}
    assert done
    code, out, err = ended(compare("protocol.replicates=[6]"))
    assert (code, err) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in done} == done
    table = parquet.read_table(person.work / "runs/mine/replicates.parquet").to_pandas()
    assert table.groupby(["arm", "pair"]).ngroups == 12


def test_beginning_anew_leaves_nothing_of_the_comparison_before(person, compare):
    quick = {"trial": {"folds": 1}, "budget": {"trials": 1}}
    assert ended(compare(**quick))[0] == 0
    directory = person.work / "runs/mine"
    before = json.loads((directory / "selection.json").read_text())["chosen"][0]["parameters"]
    space = {"optimizer.lr": {"type": "categorical", "choices": [0.005]}}
    code, _, err = ended(compare("force=true", space=space, **quick))
    assert (code, err) == (0, "")
    after = json.loads((directory / "selection.json").read_text())["chosen"][0]["parameters"]
    assert after == {"optimizer.lr": 0.005} != before
    assert len(list(read_rows(person.work / "runs/test-register.jsonl"))) == 1


def test_seeds_are_added_only_while_something_is_open(person, compare):
    plain = {**FILE["protocol"], "replicates": [5, 6], "margin": 0.9}
    space = {"optimizer.lr": {"type": "categorical", "choices": [0.01, 0.02]}}  # no range, and so no edge
    code, out, err = ended(compare(protocol=plain, space=space, budget={"trials": 1}, trial={"keep": 0}))
    assert (code, err) == (0, "")
    assert "nothing is open after 5" in out
    assert len(list(person.work.glob("runs/mine/replicates/gru/*"))) == 5


def test_a_tuning_that_is_repeated_is_resumed_and_its_luck_is_counted(person, compare):
    protocol = {**FILE["protocol"], "tunings": 2, "candidates": 1, "reruns": 1}
    process = compare(protocol=protocol)
    _wait_for(person.work, "runs/mine/trials/gru_stacked~2/*/fold-0/config.yaml")
    os.killpg(process.pid, signal.SIGKILL)  # workers and all
    process.communicate()
    code, _, err = ended(compare(protocol=protocol))
    assert (code, err) == (0, "")
    directory = person.work / "runs/mine"
    rows = parquet.read_table(directory / "trials.parquet").to_pandas()
    counted = rows[rows["state"].isin(["complete", "diverged"])].groupby("arm").size()
    assert dict(counted) == dict.fromkeys(("gru", "gru_stacked", "gru~2", "gru_stacked~2"), 3)
    rates = rows[rows["state"] == "complete"].groupby("arm")["params.optimizer.lr"].apply(set)
    assert not rates["gru"] & rates["gru~2"], "each tuning tries points of its own"
    table = parquet.read_table(directory / "replicates.parquet").to_pandas()
    assert dict(table.groupby(["arm", "tuning"])["pair"].nunique()) == {
        (arm, tuning): 3 for arm in ("gru", "gru_stacked") for tuning in (0, 1)
    }
    page = (directory / "report/report.md").read_text(encoding="utf-8")
    assert "for these configurations (tuning was done twice)" in page
    assert "from tuning" in page
    assert "Tuning was done 2 times, each time anew." in page


def test_a_comparison_in_two_processes_has_the_numbers_of_one(person, compare):
    fixed = [*FILE["fixed"], "trainer=ddp", "trainer.accelerator=cpu", "trainer.max_epochs=2"]
    protocol = {**FILE["protocol"], "candidates": 1, "reruns": 1, "replicates": [2]}
    quick = {"budget": {"trials": 1}, "trial": {"folds": 1}, "protocol": protocol}
    code, out, err = ended(compare("workers=1", fixed=fixed, **quick))
    assert (code, err) == (0, ""), out
    assert (person.work / out.splitlines()[-1]).is_file()
    directory = person.work / "runs/mine"
    result = json.loads((directory / "replicates/gru/1001/result.json").read_text())
    assert result["data"]["sizes"] == {"train": 67, "test": 1029}, "nothing is held out"
    words = [word for word in shlex.split(result["command"])[2:] if not word.startswith("trainer=")]
    again = person.train(*words, "hydra.run.dir=one")
    assert (again.returncode, again.stderr) == (0, "")
    one = json.loads((person.work / "one/result.json").read_text())
    for part in ("train", "test"):
        assert result["metrics"][part] == pytest.approx(one["metrics"][part], abs=1e-5)
    report = (directory / "report/report.md").read_text(encoding="utf-8")
    assert "below 300: selection is noisier than the protocol asks" in report


def test_with_a_pruner_arms_are_judged_alike_and_the_report_says_how_often_it_was_wrong(person, compare):
    fixed = [*FILE["fixed"][:3], "trainer.max_epochs=6", "model.hidden_size=16"]
    changes = {
        "fixed": fixed,
        "pruner": {"name": "halving", "warmup_epochs": 1, "reduction_factor": 3},
        "budget": {"trials": 20},
        "trial": {"folds": 1, "keep": 0},
    }
    process = compare(**changes)
    _wait_for(person.work, "runs/mine/trials/gru_stacked/6/result.json")
    process.kill()
    process.communicate()
    code, out, err = ended(compare(**changes))
    assert (code, err) == (0, "")

    drawn = [slot for slot in range(20) if is_spared(0, slot)]
    assert f"in every arm places {drawn[0]}, {drawn[1]}" in " ".join(out.split())
    trials = parquet.read_table(person.work / "runs/mine/trials.parquet").to_pandas()
    counted = trials[trials["state"].isin(["complete", "pruned", "diverged"])]
    told = (person.work / "runs/mine/report/report.md").read_text(encoding="utf-8")
    spared_in_all = 0
    for arm, own in counted.groupby("arm"):
        assert sorted(own["slot"]) == list(range(20))
        ended_early, spared = own[own["state"] == "pruned"], own[own["spared_at"].notna()]
        assert len(ended_early) and not set(ended_early["slot"]) & set(drawn)
        assert set(spared["slot"]) <= set(drawn)
        assert set(spared["epochs"]) <= {6} and all(spared["spared_at"] < 6)
        through = own[(own["state"] == "complete") & own["spared_at"].isna()]["validation.accuracy"]
        candidates = min(FILE["protocol"]["candidates"], len(through))
        wrong = sum((through > value).sum() < candidates for value in spared["validation.accuracy"])
        name = arm.replace("_", "\\_")
        assert f"{name}: {len(ended_early)} trials were pruned, {len(spared)} more were spared" in told
        if len(spared):
            assert f"{wrong} of these ended at least as well" in told
        spared_in_all += len(spared)
    assert spared_in_all
    assert "halving, none before 1 epochs" in told


def _wait_for(folder: Path, pattern: str) -> None:
    deadline = time.monotonic() + 300
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline, f"no {pattern}"
        time.sleep(0.05)
