"""Which epoch is the best, and when to stop."""

import itertools
import os
import signal
import time

import pytest

from seqlab.experiment.processes import Interrupted, interruptible
from seqlab.experiment.recorder import Recorder, better
from seqlab.files import read_rows
from seqlab.results import EpochRow


def row(epoch, monitored, loss):
    scores = {"auroc": monitored, "loss": loss}
    return EpochRow(epoch=epoch, step=epoch, seconds=0.0, lr=0.1, train={}, validation=scores)


@pytest.mark.parametrize(
    ("worse", "best"),
    [
        ((0.5, 1.0), (0.6, 2.0)),  # the monitored metric first
        ((0.5, 1.0), (0.5, 0.9)),  # ties go to the lower loss
        ((None, 0.1), (0.1, 9.0)),  # undefined never wins over defined
        ((None, 1.0), (None, 0.9)),  # where neither is defined, the loss decides
        ((None, None), (None, 5.0)),
    ],
)
def test_one_epoch_beats_another(worse, best):
    assert better(row(2, *best), row(1, *worse), "auroc")
    assert not better(row(2, *worse), row(1, *best), "auroc")
    assert not better(row(2, *best), row(1, *best), "auroc")


def test_of_two_losses_the_lower_wins():
    assert better(row(2, None, 0.1), row(1, None, 0.2), "loss")


def stops_at(tmp_path, patience, epochs):
    recorder = Recorder(
        run_dir=tmp_path,
        monitor="auroc",
        patience=patience,
        checkpoint=lambda *_: None,
        tracker=None,
        watcher=None,
    )
    for number, (monitored, loss) in enumerate(epochs, 1):
        if recorder.on_epoch(row(number, monitored, loss)):
            return number, recorder.best.epoch
    return None, recorder.best.epoch


def test_a_lower_loss_at_the_same_value_picks_the_epoch_but_buys_no_patience(tmp_path):
    falling = ((1.0, 1 / n) for n in itertools.count(1))
    assert stops_at(tmp_path, 3, falling) == (4, 4)


def test_patience_counts_from_the_last_better_value(tmp_path):
    assert stops_at(tmp_path, 2, [(0.1, 1), (0.2, 1), (0.2, 2), (0.3, 1), (0.1, 1), (0.1, 1), (0.9, 1)]) == (
        6,
        4,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_waits_until_an_epoch_is_kept_whole(tmp_path, number):
    told = []

    class Saved:
        def save(self, path):
            os.kill(os.getpid(), number)  # comes between the row and its checkpoint
            path.parent.mkdir(exist_ok=True)
            path.write_text("saved")

    class Told:
        def log(self, row):
            told.append(row.epoch)

    recorder = Recorder(
        run_dir=tmp_path,
        monitor="auroc",
        patience=None,
        checkpoint=lambda *_: Saved(),
        tracker=Told(),
        watcher=None,
    )
    with interruptible(), pytest.raises(Interrupted) as caught:
        recorder.on_epoch(row(1, 0.5, 1.0))
    assert caught.value.signal == number
    assert [r["epoch"] for r in read_rows(tmp_path / "metrics.jsonl")] == [1] == told
    assert (tmp_path / "checkpoints" / "best.ckpt").read_text() == "saved"
    with interruptible(), pytest.raises(Interrupted):  # and outside of an epoch it is answered at once
        os.kill(os.getpid(), number)
        time.sleep(5)
