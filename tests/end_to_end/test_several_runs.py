"""Several runs by one command, one run by several processes, and run directories that are taken."""

import json
import re
import shlex
from pathlib import Path

import pytest

from seqlab.results import read_result

pytestmark = pytest.mark.slow


def losses(run_dir) -> list[float]:
    lines = (run_dir / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["validation"]["loss"] for line in lines]


def test_multirun_gives_every_job_its_directory_and_its_wandb_run(person, small, wandb_records):
    done = person.train("-m", *small, "seed=1,2")
    assert (done.returncode, done.stderr) == (0, "")
    assert person.left() == {"runs"}
    assert not [p for p in person.work.rglob("*") if p.name in (".hydra", "multirun.yaml", "lightning_logs")]
    first, second = person.run_dirs()
    assert first.parent == second.parent and (first.name, second.name) == ("0", "1")
    runs = [r["run"] for folder in (first, second) for r in wandb_records(folder) if r["type"] == "run"]
    assert [read_result(folder).seed for folder in (first, second)] == [1, 2]
    assert ["seed 1" in runs[0]["tags"], "seed 2" in runs[1]["tags"]] == [True, True]
    assert runs[0]["run_id"] != runs[1]["run_id"]
    # each result tells how to have that run alone
    words = [word for word in shlex.split(read_result(second).command)[2:] if "run.dir" not in word]
    alone = person.train(*words, "logger=none", "hydra.run.dir=alone")
    assert alone.returncode == 0, alone.stderr
    assert losses(person.work / "alone") == losses(second)


def test_a_job_that_fails_does_not_stop_the_others(person, small):
    words = [
        *small,
        "trainer.max_epochs=3",
        "logger=none",
        "optimizer.name=sgd",
        "trainer.gradient_clip=null",
    ]
    diverging = ["model=rnn", "model.nonlinearity=relu", "model.num_layers=3", "trainer.max_epochs=30"]
    done = person.train("-m", *words, *diverging, "optimizer.lr=100,0.001", "hydra.sweep.dir=out")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    statuses = [read_result(person.work / "out" / str(n)).status for n in (0, 1)]
    assert statuses == ["failed", "completed"]
    reason = read_result(person.work / "out" / "0").reason or ""
    assert re.search(r"epoch \d+, step \d+", reason)
    assert reason.split(";")[0] in " ".join(done.stdout.split())


def test_two_processes_give_the_numbers_of_one(person, small):
    one = person.train(*small, "hydra.run.dir=one", "logger=none")
    two = person.train(*small, "hydra.run.dir=two", "trainer=ddp")
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert two.stderr == "" and two.stdout.count("epoch 1/2") == 1
    assert losses(person.work / "one") == pytest.approx(losses(person.work / "two"), abs=1e-4)
    results = [read_result(person.work / name) for name in ("one", "two")]
    assert results[0].metrics["validation"]["loss"] == pytest.approx(
        results[1].metrics["validation"]["loss"], abs=1e-4
    )
    assert [folder.name for folder in person.run_dirs()] == ["one", "two"]
    assert len(list((person.work / "two" / "wandb").glob("offline-run-*"))) == 1


def test_a_finished_run_is_replaced_only_by_force_or_by_itself(person, small):
    # a name that a shell, Hydra and W&B each would like to take apart
    name = 'it\'s, a=run "q" {ü} [1]'
    words = [*small, "logger=none", f"hydra.run.dir={json.dumps(name, ensure_ascii=False)}"]
    first = person.train(*words)
    assert (first.returncode, first.stderr) == (0, "")
    assert person.left() == {name}
    run_dir = person.work / name
    started = losses(run_dir)
    refused = person.train(*words, "seed=1")
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) <= 3
    assert "seed: 0 there, 1 here" in refused.stderr and "force=true" in refused.stderr
    assert read_result(run_dir).seed == 0
    again = person.train(*words)
    assert again.returncode == 0 and losses(run_dir) == started
    forced = person.train(*words, "seed=1", "force=true")
    assert forced.returncode == 0 and read_result(run_dir).seed == 1
    # the run that its own record repeats is the same
    repeated = person.begin(*_from_checkout(shlex.split(read_result(run_dir).command)))
    out, err = repeated.communicate(timeout=120)
    assert (repeated.returncode, err) == (0, ""), out
    evaluated = person.seqlab("evaluate", name)
    loss = read_result(run_dir).metrics["validation"]["loss"]
    assert evaluated.returncode == 0 and repr(loss) in evaluated.stdout


def _from_checkout(command: list[str]) -> list[str]:
    assert command[:2] == ["python", "train.py"]
    return [str(Path(__file__).parents[2] / "train.py"), *command[2:]]


def test_a_data_set_with_a_name_that_is_hard_to_write(person, archive, small):
    folder = person.work / "my 'sets', a=b"
    folder.mkdir()
    for part in ("TRAIN", "TEST"):
        content = (archive / "ItalyPowerDemand" / f"ItalyPowerDemand_{part}.ts").read_bytes()
        (folder / f"Italy-2_{part}.ts").write_bytes(content)
    where = f"data.directory={json.dumps(folder.name)}"
    words = [*small, "data.name=Italy-2", where, "logger=csv", "evaluate_test=true", "hydra.run.dir=out"]
    done = person.train(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert (person.work / "out" / "metrics.csv").read_text().count("\n") == 3
    refused = person.train(*small, 'data.name="my data, (1)"', "hydra.run.dir=never")
    assert refused.returncode == 2 and "data.name" in refused.stderr and len(refused.stderr.splitlines()) <= 3
    assert not (person.work / "never").exists()
