"""TensorBoard, CSV, none, and the guard that lets no tracker stop a run."""

import csv
import importlib.util

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seqlab.config.training import LoggerConfig
from seqlab.errors import UserError
from seqlab.results import EpochRow
from seqlab.trackers import Outcome, RunAbout, Tracker, make_tracker
from seqlab.trackers.guard import Guarded


def row(epoch: int) -> EpochRow:
    validation = {"loss": 2 / epoch, "accuracy": 0.25 * epoch, "auroc": None}
    return EpochRow(
        epoch=epoch, step=3 * epoch, seconds=1.0, lr=0.1, train={"loss": 1.0}, validation=validation
    )


def about(run_dir) -> RunAbout:
    return RunAbout(name="a run", config={"seed": 1, "ü": ["<b>"]}, tags=["lstm"], run_dir=run_dir)


def follow(name: str, run_dir, **outcome):
    lines: list[str] = []
    tracker = make_tracker(LoggerConfig(name=name), lines.append)
    line = tracker.start(about(run_dir))
    for epoch in (1, 2, 3):
        tracker.log(row(epoch))
    tracker.finish(Outcome(status="completed", **outcome))
    assert lines == []
    return line


def test_csv_has_a_row_an_epoch_and_empty_cells_where_undefined(tmp_path):
    line = follow("csv", tmp_path / "run")
    assert "metrics.csv" in line
    with (tmp_path / "run" / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["epoch"] for r in rows] == ["1", "2", "3"]
    assert [float(r["validation/accuracy"]) for r in rows] == [0.25, 0.5, 0.75]
    assert {r["validation/auroc"] for r in rows} == {""}


def test_csv_rows_are_on_disk_at_once(tmp_path):
    tracker = make_tracker(LoggerConfig(name="csv"))
    tracker.start(about(tmp_path))
    tracker.log(row(1))
    assert len((tmp_path / "metrics.csv").read_text().splitlines()) == 2


def test_tensorboard_is_read_back(tmp_path, capfd):
    figure = tmp_path / "curves.png"
    Image.new("RGB", (40, 30), "white").save(figure)
    line = follow("tensorboard", tmp_path / "run", summary={"validation.accuracy": 0.75}, figures=[figure])
    assert line.startswith("tensorboard --logdir")
    assert capfd.readouterr() == ("", "")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert "validation/auroc" not in tags["scalars"] and tags["images"] == ["curves"]
    assert [(e.step, e.value) for e in events.Scalars("validation/accuracy")] == [
        (1, 0.25),
        (2, 0.5),
        (3, 0.75),
    ]
    texts = {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in tags["tensors"]}
    assert '"seed": 1' in texts["config/text_summary"]
    assert "0.75" in texts["summary/text_summary"] and "completed" in texts["summary/text_summary"]


def test_tensorboard_that_is_not_installed_is_refused_before_anything_starts(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'seqlab\[tensorboard\]'"):
        make_tracker(LoggerConfig(name="tensorboard"))


def test_none_does_nothing(tmp_path):
    assert follow("none", tmp_path / "run") is None
    assert not (tmp_path / "run").exists()


class Breaking(Tracker):
    """Fails at one of its calls."""

    def __init__(self, where: str, error: BaseException | None = None):
        self.where, self.error, self.calls = where, error or OSError(28, "No space left\non device"), []

    def _call(self, name):
        self.calls.append(name)
        if name == self.where:
            raise self.error

    def start(self, about):
        self._call("start")

    def log(self, row):
        self._call("log")

    def finish(self, outcome):
        self._call("finish")


@pytest.mark.parametrize(
    ("where", "calls"),
    [
        ("start", ["start"]),
        ("log", ["start", "log", "finish"]),
        ("finish", ["start", "log", "log", "log", "finish"]),
    ],
)
def test_a_failing_tracker_costs_one_line(tmp_path, where, calls):
    lines: list[str] = []
    inner = Breaking(where)
    tracker = Guarded(inner, "it", lines.append)
    assert tracker.start(about(tmp_path)) is None
    for epoch in (1, 2, 3):
        tracker.log(row(epoch))
    tracker.finish(Outcome(status="completed"))
    tracker.finish(Outcome(status="completed"))
    assert inner.calls == calls
    (said,) = lines
    assert said.startswith("it: ") and "No space left on device" in said and "\n" not in said


def test_what_the_user_must_put_right_and_interrupts_pass(tmp_path):
    for error in (UserError("do this"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            Guarded(Breaking("start", error), "it", print).start(about(tmp_path))


def test_a_tracker_that_never_started_is_not_used(tmp_path):
    inner = Breaking("nowhere")
    tracker = Guarded(inner, "it", print)
    tracker.log(row(1))
    tracker.finish(Outcome(status="failed"))
    assert inner.calls == []
