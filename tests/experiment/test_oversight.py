"""A run that somebody ordered as one of many: lean, ended early when told to, and the same numbers as any other."""

import json

import pytest

from seqlab.results import read_result

HEAVY = {"checkpoints", "figures", "predictions.parquet"}


class Boss:
    """An overseer who ends a run after so many epochs, and keeps its files or does not."""

    git_commit = "abc"

    def __init__(self, ends_after=None, keeps="nothing", latency=False):
        self.ends_after, self.keeps, self.latency = ends_after, keeps, latency
        self.heard = []

    def begins(self):
        self.heard.append("begins")

    def epoch(self, row, best):
        self.heard.append((row.epoch, best.epoch))
        return row.epoch == self.ends_after

    def scored(self, result):
        self.heard.append(result.metrics["validation"]["accuracy"])
        return self.keeps


def left(result):
    return {path.name for path in result.run_dir.iterdir()}


def rows(result):
    lines = (result.run_dir / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def test_it_comes_to_the_numbers_of_any_other_run_and_leaves_only_those(train):
    alone, boss = train("alone"), Boss()
    lean = train("lean", overseer=boss)
    assert (lean.status, lean.metrics, lean.intervals) == ("completed", alone.metrics, alone.intervals)
    assert rows(lean) == rows(alone)
    assert left(lean) == {"config.yaml", "result.json", "metrics.jsonl"}
    assert lean.git_commit == "abc" and read_result(lean.run_dir).metrics == alone.metrics
    assert boss.heard[0] == "begins" and [e for e, _ in boss.heard[1:-1]] == [1, 2, 3]
    assert boss.heard[-1] == alone.metrics["validation"]["accuracy"]


def test_what_is_kept_is_the_checkpoint_of_the_best_epoch(train):
    from seqlab.checkpoint import load_checkpoint

    alone, kept = train("alone"), train("kept", overseer=Boss(keeps="checkpoint"))
    assert left(kept) & HEAVY == {"checkpoints"}
    theirs, ours = (load_checkpoint(r.run_dir / "checkpoints" / "best.ckpt") for r in (alone, kept))
    assert theirs.epoch == ours.epoch == kept.epochs["best"]
    assert all((theirs.weights[name] == ours.weights[name]).all() for name in theirs.weights)


def test_it_ends_when_told_to_as_pruned(train):
    boss = Boss(ends_after=2)
    result = train(overseer=boss)
    assert (result.status, result.cause, result.epochs["run"]) == ("pruned", "pruned", 2)
    assert "epoch 2" in result.reason and len(rows(result)) == 2
    assert result.metrics["validation"]["loss"] is not None  # of the best epoch that there was
    assert boss.heard[-1][0] == 2  # nothing is scored


def test_latency_is_measured_where_it_is_wanted(train):
    assert train("with", overseer=Boss(latency=True)).cost["latency_ms"] > 0
    assert "latency_ms" not in train("without", overseer=Boss()).cost


def test_a_run_that_diverges_says_so_in_one_word(train):
    result = train(
        overseer=Boss(),
        trainer={"gradient_clip": None, "max_epochs": 60},
        optimizer={"name": "sgd", "lr": 100.0},
        model={"cell": "rnn", "nonlinearity": "relu"},
    )
    assert (result.status, result.cause) == ("failed", "diverged") and "finite" in result.reason


@pytest.mark.slow
def test_two_processes_end_together_when_the_first_is_told_to(train):
    result = train(overseer=Boss(ends_after=2), trainer={"devices": 2, "strategy": "ddp"})
    assert (result.status, result.epochs["run"]) == ("pruned", 2)


def test_a_lean_run_is_made_whole_from_its_checkpoint(tmp_path, monkeypatch):
    from seqlab.compose import compose
    from seqlab.experiment import run
    from seqlab.experiment.finishing import finish

    words = ["data=archive", "data.name=ItalyPowerDemand", "model.hidden_size=4", "logger=none"]
    experiment = compose([*words, "trainer.max_epochs=2"]).experiment
    alone = run(experiment, run_dir=tmp_path / "alone", command="")
    run(experiment, run_dir=tmp_path / "lean", command="", overseer=Boss(keeps="checkpoint"))
    finish(tmp_path / "lean", experiment)
    whole = read_result(tmp_path / "lean")
    assert left(whole) == left(alone)
    assert (whole.metrics, whole.baselines) == (alone.metrics, alone.baselines)
    tables = [(tmp_path / name / "predictions.parquet").read_bytes() for name in ("alone", "lean")]
    assert tables[0] == tables[1]
    names = [{p.name for p in (tmp_path / n / "figures").iterdir()} for n in ("alone", "lean")]
    assert names[0] == names[1]


def test_predictions_alone_are_kept_of_all_that_was_scored(train):
    alone, boss = train("alone"), Boss(keeps="predictions")
    kept = train("kept", overseer=boss)
    assert left(kept) & HEAVY == {"predictions.parquet"} and not kept.baselines
    tables = [(r.run_dir / "predictions.parquet").read_bytes() for r in (alone, kept)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("keep", ["nothing", "checkpoint", "predictions"])
def test_a_worker_trains_a_run_that_belongs_to_no_study(tmp_path, keep):
    from seqlab.compose import compose
    from seqlab.config.build import to_plain
    from seqlab.experiment import run
    from seqlab.sweep.orders import Ended, Run
    from seqlab.sweep.pool import Worker

    words = ["data=archive", "data.name=ItalyPowerDemand", "model.hidden_size=4", "logger=none"]
    words += ["trainer.max_epochs=2", "data.validation_fraction=0", "data.order_seed=5", "evaluate_test=true"]
    experiment = compose(words).experiment
    worker = Worker(0, [], tmp_path / "workers.log")
    try:
        worker.ensure()
        settings = to_plain(experiment)
        place = tmp_path / "ordered"
        worker.send(Run(settings=settings, run_dir=place, command="again", git_commit="abc", keep=keep))
        while not isinstance(ended := worker.receive(1.0), Ended):
            pass
    finally:
        worker.stop()
    assert (ended.status, ended.cause, ended.epochs) == ("completed", None, 2), ended
    result = read_result(place)
    alone = run(experiment, run_dir=tmp_path / "alone", command="")
    assert (result.metrics, result.command, result.git_commit) == (alone.metrics, "again", "abc")
    wanted = {"nothing": set(), "checkpoint": {"checkpoints"}, "predictions": {"predictions.parquet"}}[keep]
    assert left(result) == {"config.yaml", "result.json", "metrics.jsonl"} | wanted
    if keep == "predictions":
        import pyarrow.parquet as pq

        splits = pq.read_table(place / "predictions.parquet")["split"].to_pylist()
        assert set(splits) == {"test"} and len(splits) == 1029
