"""A trial of several folds, with runs that are made up: its mean, its ends, and what is said meanwhile."""

import dataclasses
import statistics

import pytest

from seqlab.errors import RunFailed, UserError
from seqlab.experiment.processes import Interrupted
from seqlab.results import EpochRow, RunResult, read_result
from seqlab.sweep.folding import train_folds
from seqlab.sweep.keeping import fold_dir
from seqlab.sweep.orders import Begins, Ended, Epoch, Fold, FoldDone, Order, Scored

METRICS = ("validation.accuracy", "cost.parameters")


class Line:
    """Notes what is said, and answers from a list."""

    def __init__(self, *answers):
        self.said, self.answers = [], list(answers)

    def send(self, message):
        self.said.append(message)

    def recv(self):
        return self.answers.pop(0)


def order(place, folds=3, prunes=False):
    return Order(
        settings={"name": "gru-4", "trainer": {"max_epochs": 9}},
        run_dir=place / "4",
        command="fold 0",
        git_commit=None,
        metrics=METRICS,
        ask_costs=False,
        latency=False,
        prunes=prunes,
        folds=tuple(
            Fold(settings={}, run_dir=fold_dir(place / "4", k), command=f"fold {k}") for k in range(folds)
        ),
    )


def outcome(accuracy, best=2, epochs=3, status="completed", cause=None, reason=None):
    return {
        "metrics": {"train": {"loss": 0.5}, "validation": {"accuracy": accuracy, "loss": 1.0}},
        "epochs": {"run": epochs, "best": best},
        "status": status,
        "cause": cause,
        "reason": reason,
    }


def trains(line, outcomes):
    """Runs that come to what is listed, one after the other; an exception is raised."""
    left = list(outcomes)

    def train(fold, overseer):
        found = left.pop(0)
        if isinstance(found, BaseException):
            raise found
        foreman = overseer(line)
        foreman.begins()
        scores = found["metrics"]["validation"]
        for epoch in range(1, found["epochs"]["run"] + 1):
            row = EpochRow(epoch=epoch, step=epoch, seconds=0.0, lr=0.1, train={}, validation=scores)
            assert foreman.epoch(row, row) is False
        result = RunResult(
            name="x",
            seed=1,
            started="",
            data={"name": "made up", "notes": []},
            cost={"parameters": 12, "sequences_per_second": 10.0 * (3 - len(left))},
            seconds={"total": 2.0, "training": 1.5},
            threads=1,
            command=fold.command,
            run_dir=fold.run_dir,
            **found,
        )
        if found["status"] == "completed" and foreman.scored(result) == "checkpoint":
            (fold.run_dir / "checkpoints").mkdir(parents=True)
        return result

    train.left = left
    return train


def kept(place):
    return {path.parent.name for path in (place / "4").glob("fold-*/checkpoints")}


def test_a_trial_is_the_mean_of_its_folds(tmp_path):
    values = [0.5, 0.8, 0.6]
    line = Line(True)
    outcomes = [
        outcome(value, best=best, epochs=best + 1) for value, best in zip(values, (1, 5, 2), strict=True)
    ]
    ended = train_folds(order(tmp_path), line, trains(line, outcomes))
    mean = pytest.approx(statistics.fmean(values))
    assert ended == Ended("completed", None, None, 2 + 6 + 3, ended.costs) and ended.costs["parameters"] == 12
    (scored,) = [message for message in line.said if isinstance(message, Scored)]
    assert scored.values == (mean, 12) and type(scored.values[1]) is int
    assert [m.value for m in line.said if isinstance(m, FoldDone)] == [0.5, pytest.approx(0.65), mean]
    assert [m.number for m in line.said if isinstance(m, FoldDone)] == [1, 2, 3]
    epochs = [m.epoch for m in line.said if isinstance(m, Epoch)]
    assert epochs == list(range(1, 12)) and line.said[-2].value == mean
    assert sum(isinstance(m, Begins) for m in line.said) == 1
    result = read_result(tmp_path / "4")
    assert (result.name, result.status, result.command) == ("gru-4", "completed", "fold 0")
    assert result.metrics == {"train": {"loss": 0.5}, "validation": {"accuracy": mean, "loss": 1.0}}
    assert result.epochs == {"run": 3, "best": 2} and result.seconds == {"total": 6.0, "training": 4.5}
    assert result.cost == {"parameters": 12, "sequences_per_second": pytest.approx(20.0)}
    assert kept(tmp_path) == {"fold-0", "fold-1", "fold-2"}


def test_what_is_not_worth_keeping_goes(tmp_path):
    line = Line(False)
    train_folds(order(tmp_path), line, trains(line, [outcome(0.5)] * 3))
    assert kept(tmp_path) == set() and read_result(tmp_path / "4").status == "completed"


def test_a_fold_without_a_value_leaves_the_trial_without_one(tmp_path):
    line = Line(False)
    train = trains(line, [outcome(0.5), outcome(None), outcome(0.7)])
    ended = train_folds(order(tmp_path), line, train)
    assert ended.status == "completed" and len(train.left) == 1  # the last need not be trained
    assert line.said[-1].values == (None, 12)
    assert read_result(tmp_path / "4").metrics["validation"] == {"accuracy": None, "loss": 1.0}


def test_a_fold_that_diverges_is_the_trials_end(tmp_path):
    line = Line()
    diverged = outcome(0.1, epochs=1, status="failed", cause="diverged", reason="the loss was not finite")
    ended = train_folds(order(tmp_path), line, trains(line, [outcome(0.5), diverged]))
    assert (ended.status, ended.cause, ended.epochs) == ("failed", "diverged", 4)
    assert ended.reason == "in fold 1: the loss was not finite"
    result = read_result(tmp_path / "4")
    assert (result.status, result.cause, result.reason) == ("failed", "diverged", ended.reason)
    assert result.metrics["validation"]["accuracy"] == 0.5 and kept(tmp_path) == set()


def test_it_is_pruned_between_folds(tmp_path):
    line = Line(False, True)
    train = trains(line, [outcome(0.5), outcome(0.3), outcome(0.9)])
    ended = train_folds(order(tmp_path, prunes=True), line, train)
    assert (ended.status, ended.reason, ended.epochs) == ("pruned", "pruned after fold 2 of 3", 6)
    assert len(train.left) == 1 and not any(isinstance(m, Scored) for m in line.said)
    assert read_result(tmp_path / "4").metrics["validation"]["accuracy"] == pytest.approx(0.4)
    assert kept(tmp_path) == set()


@pytest.mark.parametrize(
    ("error", "status", "cause"),
    [
        (Interrupted(15), "interrupted", "stopped"),
        (UserError("no"), "failed", "error"),
        (RunFailed("full"), "failed", "disk"),
        (RuntimeError("a bug"), "failed", "error"),
    ],
)
def test_what_a_fold_raises_is_raised_and_written_down(tmp_path, error, status, cause):
    line = Line()
    with pytest.raises(type(error)):
        train_folds(order(tmp_path), line, trains(line, [outcome(0.5), error]))
    result = read_result(tmp_path / "4")
    assert (result.status, result.cause) == (status, cause) and kept(tmp_path) == set()
    with pytest.raises(type(error)):  # in its very first fold there is nothing to be written
        train_folds(dataclasses.replace(order(tmp_path), run_dir=tmp_path / "5"), line, trains(line, [error]))
    assert not (tmp_path / "5").exists()
