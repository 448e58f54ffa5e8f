"""A run leaves a directory that can be trusted, whatever happens to it."""

import json
import os
import signal

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from sklearn.metrics import accuracy_score, log_loss

from seqlab import predict
from seqlab.config import build_experiment
from seqlab.errors import UserError
from seqlab.results import read_result


def weights(run_dir, name="best"):
    return torch.load(run_dir / f"checkpoints/{name}.ckpt", weights_only=True)["weights"]


def test_the_run_directory_holds_what_it_should(train):
    result = train()
    assert result.status == "completed"
    found = {str(p.relative_to(result.run_dir)) for p in result.run_dir.rglob("*") if p.is_file()}
    assert found == {
        "config.yaml",
        "result.json",
        "metrics.jsonl",
        "predictions.parquet",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "figures/learning_curves.png",
        "figures/confusion_validation.png",
        "figures/gradient_by_time_step.png",
    }
    assert read_result(result.run_dir).metrics == json.loads(json.dumps(result.metrics))


def test_scores_agree_with_the_predictions_that_are_kept(train):
    result = train()
    table = pq.read_table(result.run_dir / "predictions.parquet").to_pandas()
    assert list(table.columns) == ["id", "split", "true", "predicted", "p_down, 'quoted'", "p_up"]
    assert set(table["split"]) == {"validation"}  # test data were not asked for
    scores = result.metrics["validation"]
    assert scores["accuracy"] == pytest.approx(accuracy_score(table["true"], table["predicted"]))
    probabilities = table[["p_down, 'quoted'", "p_up"]].to_numpy()
    assert scores["loss"] == pytest.approx(log_loss(table["true"], probabilities), rel=1e-5)


def test_config_yaml_builds_the_same_experiment(train):
    result = train(model={"cell": "gru"}, seed=3)
    plain = yaml.safe_load((result.run_dir / "config.yaml").read_text())
    experiment = build_experiment(plain)
    assert (experiment.model.cell, experiment.seed, experiment.data.kind) == ("gru", 3, "memory")


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_same_seed_same_weights_other_seed_other_weights(train, cell):
    a = weights(train("a", model={"cell": cell}, seed=1).run_dir)
    b = weights(train("b", model={"cell": cell}, seed=1).run_dir)
    c = weights(train("c", model={"cell": cell}, seed=2).run_dir)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert any(not torch.equal(a[name], c[name]) for name in a)


def test_best_epoch_is_the_one_with_the_best_validation_accuracy_then_the_lower_loss(train):
    result = train(trainer={"max_epochs": 8})
    rows = [json.loads(line) for line in (result.run_dir / "metrics.jsonl").read_text().splitlines()]
    best = max(rows, key=lambda row: (row["validation"]["accuracy"], -row["validation"]["loss"]))
    assert result.epochs == {"run": 8, "best": best["epoch"]}
    assert result.metrics["validation"]["accuracy"] == best["validation"]["accuracy"]
    assert result.metrics["validation"]["loss"] == pytest.approx(best["validation"]["loss"], rel=1e-5)


def test_a_loss_that_is_not_a_number_fails_the_run_with_epoch_and_step(train):
    result = train(
        optimizer={"name": "sgd", "lr": 100.0},
        trainer={"gradient_clip": None, "max_epochs": 60},
        model={"cell": "rnn", "nonlinearity": "relu"},
    )
    assert result.status == "failed"
    assert "epoch" in result.reason and "step" in result.reason
    assert read_result(result.run_dir).status == "failed"


def test_outputs_that_are_not_finite_fail_the_run(train, waves):
    huge = [x * 1e25 for x in waves[0]], waves[1]
    result = train(
        arrays=huge,
        data={"scaling": "none", "batch_size": 64},
        optimizer={"name": "sgd", "lr": 100.0},
        trainer={"gradient_clip": None, "max_epochs": 1},
        model={"cell": "rnn", "nonlinearity": "relu"},
    )
    assert result.status == "failed"
    assert "not a finite number at epoch 1, step" in result.reason
    assert "intervals" not in result.metrics


def test_early_stopping_waits_for_its_patience(train):
    result = train(trainer={"max_epochs": 50, "early_stopping": 2}, optimizer={"lr": 1e-9})
    assert result.epochs["run"] == 3  # the first epoch, and two that are no better


class Interrupter:
    """A watcher that sends this process a signal after the second epoch."""

    def __init__(self, number):
        self.number = number
        self.seen = None

    def before(self, result, layers, epochs): ...
    def note(self, line): ...
    def batch(self, epoch, done, batches): ...
    def after(self, result):
        self.seen = result.status

    def epoch(self, row, best_epoch):
        if row.epoch == 2:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has_and_says_so(train, number):
    watcher = Interrupter(number)
    result = train(trainer={"max_epochs": 50}, watcher=watcher)
    assert (result.status, watcher.seen) == ("interrupted", "interrupted")
    assert signal.Signals(number).name in read_result(result.run_dir).reason
    assert len((result.run_dir / "metrics.jsonl").read_text().splitlines()) == 2
    assert (result.run_dir / "checkpoints/best.ckpt").is_file()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_start_from_another_run(train):
    first = train("first")
    result = train("second", init_from=str(first.run_dir), optimizer={"lr": 1e-12}, trainer={"max_epochs": 1})
    a, b = weights(first.run_dir), weights(result.run_dir)
    assert all(torch.allclose(a[name], b[name], atol=1e-6) for name in a)
    with pytest.raises(UserError, match="does not fit"):
        train("third", init_from=str(first.run_dir), model={"hidden_size": 9})


def test_two_runs_in_one_directory_at_once_are_refused(train, tmp_path):
    from filelock import FileLock

    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run" / ".lock"), pytest.raises(UserError, match="another run"):
        train()


def test_weights_that_have_seen_the_validation_part_are_refused(train):
    first = train("first")
    with pytest.raises(UserError, match="split_seed=0") as caught:
        train("second", init_from=str(first.run_dir), seed=1)
    assert "of the 12 sequences that would validate" in str(caught.value)
    again = train("third", init_from=str(first.run_dir), seed=1, data={"batch_size": 8, "split_seed": 0})
    assert again.status == "completed"


@pytest.mark.parametrize("scheduler", ["cosine", "one_cycle"])
def test_schedules_end_at_nothing(train, scheduler):
    result = train(scheduler={"name": scheduler, "warmup": 0.3}, trainer={"max_epochs": 6})
    rates = [json.loads(line)["lr"] for line in (result.run_dir / "metrics.jsonl").read_text().splitlines()]
    assert max(rates) == rates[1]  # the peak lies at 30 % of six epochs
    assert rates[-1] < 0.02 * max(rates)


def test_a_plateau_lowers_the_learning_rate(train):
    result = train(
        scheduler={"name": "plateau", "patience": 0, "factor": 0.1},
        optimizer={"lr": 1e-6},
        trainer={"max_epochs": 4},
    )
    rates = [json.loads(line)["lr"] for line in (result.run_dir / "metrics.jsonl").read_text().splitlines()]
    assert rates[-1] == pytest.approx(1e-7) or rates[-1] < 1e-7


def test_the_callers_random_numbers_stay_as_they_were(train):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train()
    assert torch.equal(torch.rand(3), expected)


def test_last_weights_of_an_interrupted_run_are_kept(train):
    result = train(trainer={"max_epochs": 50}, watcher=Interrupter(signal.SIGINT))
    last = torch.load(result.run_dir / "checkpoints/last.ckpt", weights_only=True)
    assert (last["epoch"], last["step"]) == (2, 12)


@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed"])
def test_other_precisions_train_and_load_again(train, precision, waves):
    result = train(trainer={"precision": precision})
    assert result.status == "completed"
    assert len(predict.load(result.run_dir).predict(waves[0][:3]).labels) == 3


def test_overfitting_a_batch_validates_on_that_batch(train):
    result = train(
        trainer={"overfit_batches": 1, "max_epochs": 60}, model={"dropout": 0.0}, optimizer={"lr": 0.02}
    )
    assert result.data["sizes"] == {"train": 8, "validation": 8}
    assert result.metrics["validation"]["accuracy"] == 1.0


def test_predictions_do_not_depend_on_company(train, waves):
    model = predict.load(train().run_dir)
    together = model.predict(waves[0]).probabilities
    alone = np.concatenate([model.predict([x]).probabilities for x in waves[0][:5]])
    np.testing.assert_allclose(together[:5], alone, atol=1e-6)
