"""A run on all of the training data: nothing validates, and the network after the last epoch is the result."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from seqlab import predict
from seqlab.checkpoint import load_checkpoint
from seqlab.compose import compose
from seqlab.errors import ConfigError, UserError
from seqlab.experiment import run
from seqlab.results import read_result
from seqlab.screen import Screen

ALL = {"batch_size": 8, "validation_fraction": 0.0}


def rows(result):
    return [json.loads(line) for line in (result.run_dir / "metrics.jsonl").read_text().splitlines()]


def test_everything_is_trained_on_and_the_last_epoch_is_the_result(train, waves):
    result = train(data=ALL, trainer={"max_epochs": 4})
    assert (result.status, result.epochs) == ("completed", {"run": 4, "best": 4})
    assert result.data["sizes"] == {"train": len(waves[0])} == {"train": sum(result.data["classes"].values())}
    assert [row["validation"] for row in rows(result)] == [{}] * 4
    assert set(result.metrics) == {"train"} and result.metrics["train"] == rows(result)[-1]["train"]
    best, last = (load_checkpoint(result.run_dir / "checkpoints" / f"{n}.ckpt") for n in ("best", "last"))
    assert best.epoch == 4 and all(
        torch.equal(best.weights[name], last.weights[name]) for name in best.weights
    )
    steps = np.concatenate(waves[0])
    np.testing.assert_allclose(best.preparation["center"], steps.mean(axis=0), rtol=1e-6)
    left = {str(p.relative_to(result.run_dir)) for p in result.run_dir.rglob("*") if p.is_file()}
    assert "predictions.parquet" not in left and "figures/learning_curves.png" in left
    assert len(predict.load(result.run_dir).predict(waves[0]).labels) == len(waves[0])


def test_the_test_part_is_scored_where_it_is_asked_for(tmp_path, capsys):
    words = ["data=archive", "data.name=ItalyPowerDemand", "model.hidden_size=4", "trainer.max_epochs=2"]
    words += ["data.validation_fraction=0", "evaluate_test=true", "logger=csv", "trainer.accelerator=cpu"]
    experiment = compose(words).experiment
    watcher = Screen(live=False)
    result = run(experiment, run_dir=tmp_path / "run", command="python train.py", watcher=watcher)
    assert set(result.metrics) == {"train", "test"} == set(read_result(result.run_dir).metrics)
    assert set(pq.read_table(result.run_dir / "predictions.parquet")["split"].to_pylist()) == {"test"}
    assert set(result.baselines["order_free"]) == {"test"}
    assert (result.run_dir / "figures" / "confusion_test.png").is_file()
    header = (result.run_dir / "metrics.csv").read_text().splitlines()[0]
    assert "train/loss" in header and "validation" not in header
    said = capsys.readouterr().out
    assert "no validation part" in said and "validation loss" not in said and "test (1,029 sequences)" in said
    again = predict.evaluate(result.run_dir, "test")
    assert again.scores == result.metrics["test"]
    with pytest.raises(UserError, match="no validation part") as caught:
        predict.evaluate(result.run_dir)
    assert "allowed: --part test" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "key"),
    [(["trainer.early_stopping=3"], "trainer.early_stopping"), (["scheduler=plateau"], "scheduler.name")],
)
def test_what_waits_for_validation_scores_is_refused(words, key):
    with pytest.raises(ConfigError, match=key) as caught:
        compose([*words, "data.validation_fraction=0"])
    assert "data.validation_fraction=0" in str(caught.value)
    compose([*words, "data.validation_fraction=0", "data.folds=3"])  # a fold validates


@pytest.mark.parametrize("lr", [100.0, 1e18])
def test_a_network_that_diverges_is_found_without_validation(train, lr):
    result = train(
        data=ALL,
        trainer={"gradient_clip": None, "max_epochs": 30},
        optimizer={"name": "sgd", "lr": min(lr, 100.0), "weight_decay": 0.0 if lr == 100.0 else 1e30},
        model={"cell": "rnn", "nonlinearity": "relu"},
    )
    assert (result.status, result.cause) == ("failed", "diverged"), result.reason
    assert "finite" in result.reason and "validation" not in result.reason


def test_weights_that_have_seen_everything_validate_nothing(train, waves, tmp_path):
    everything = train("all", data=ALL)
    with pytest.raises(UserError, match="would validate this run") as caught:
        train("more", init_from=str(everything.run_dir))
    assert "data.validation_fraction=0" in str(caught.value)
    assert train("on", data=ALL, init_from=str(everything.run_dir)).status == "completed"


def test_order_and_split_have_seeds_of_their_own(train):
    def losses(name, **groups):
        return [row["train"]["loss"] for row in rows(train(name, **groups))]

    still = {"dropout": 0.0}
    base = losses("base", seed=1, model=still)
    assert losses("named", seed=1, model=still, data={"order_seed": 1, "split_seed": 1}) == base
    assert losses("order", seed=1, model=still, data={"order_seed": 2}) != base
    held = {"order_seed": 1, "split_seed": 1}
    a = train("a", seed=2, data=held)
    b = train("b", seed=3, data=held)
    assert a.data == b.data and a.metrics != b.metrics  # the same split, other weights
