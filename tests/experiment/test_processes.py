"""Two processes give the numbers of one: each sequence counted exactly once, gradients weighted by their share."""

import json

import numpy as np
import pytest
import torch
from filelock import FileLock

from seqlab.errors import UserError


def rows(result):
    return [json.loads(line) for line in (result.run_dir / "metrics.jsonl").read_text().splitlines()]


# 48 training sequences in batches of 7: the last global batch has 6 items; and of 47: a batch of one item, in
# which the second process has nothing of its own.
@pytest.mark.parametrize("batch_size", [7, pytest.param(47, marks=pytest.mark.slow)])
def test_two_processes_train_as_one(train, batch_size):
    settings = {"data": {"batch_size": batch_size, "jitter": 0.1}, "task": {"class_weights": "balanced"}}
    one = train("one", **settings)
    two = train("two", **settings, trainer={"devices": 2, "strategy": "ddp"})
    assert two.status == "completed", two.reason
    assert two.data == one.data
    for a, b in zip(rows(one), rows(two), strict=True):
        assert a["step"] == b["step"]
        for part in ("train", "validation"):
            assert a[part]["loss"] == pytest.approx(b[part]["loss"], abs=2e-5)
            assert a[part]["accuracy"] == pytest.approx(b[part]["accuracy"])
    assert one.metrics["validation"]["loss"] == pytest.approx(two.metrics["validation"]["loss"], abs=2e-5)
    weights = [
        torch.load(r.run_dir / "checkpoints/last.ckpt", weights_only=True)["weights"] for r in (one, two)
    ]
    assert all(torch.allclose(weights[0][name], weights[1][name], atol=1e-4) for name in weights[0])


@pytest.mark.slow
def test_a_diverged_run_in_two_processes_fails_with_its_reason(train):
    result = train(
        trainer={"devices": 2, "gradient_clip": None, "max_epochs": 60},
        optimizer={"name": "sgd", "lr": 100.0},
        model={"cell": "rnn", "nonlinearity": "relu"},
    )
    assert result.status == "failed"
    assert "not a finite number" in result.reason


@pytest.mark.slow
def test_a_users_error_in_a_process_is_the_users_error(train, tmp_path, waves):
    with pytest.raises(UserError, match="no such checkpoint"):
        train(trainer={"devices": 2}, init_from=str(tmp_path / "nowhere"))


@pytest.mark.slow
def test_a_failure_of_the_first_process_alone_ends_all(train, tmp_path):
    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run" / ".lock"), pytest.raises(UserError, match="another run is at work"):
        train(trainer={"devices": 2})


@pytest.mark.slow
def test_scores_of_two_processes_are_over_all_sequences(train, waves):
    result = train(trainer={"devices": 2, "max_epochs": 1})
    lines = rows(result)
    n = result.data["sizes"]["train"]
    counted = lines[0]["train"]["accuracy"] * n
    assert counted == pytest.approx(np.round(counted), abs=1e-4)
