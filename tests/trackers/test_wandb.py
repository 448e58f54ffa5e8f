"""W&B offline and online, read back with W&B's own reader. Nothing here needs a network or an account."""

import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from seqlab.config.training import LoggerConfig, WandbConfig
from seqlab.results import EpochRow
from seqlab.trackers import Outcome, RunAbout, make_tracker
from seqlab.trackers import wandb as ours


def row(epoch: int, **validation) -> EpochRow:
    return EpochRow(
        epoch=epoch,
        step=7 * epoch,
        seconds=0.5 * epoch,
        lr=0.01,
        train={"loss": 1 / epoch, "accuracy": 0.5},
        validation={"loss": 2 / epoch, "auroc": None, **validation},
    )


def about(run_dir: Path, **more) -> RunAbout:
    plain = {
        "name": "a run",
        "config": {"seed": 3, "model": {"cell": "lstm", "num_layers": 2}, "plugins": ["x"], "none": None},
        "tags": ["lstm", "2 layers", "lstm", "", "t" * 90],
        "group": "a group",
        "job_type": "train",
    }
    return RunAbout(**{**plain, **more}, run_dir=run_dir)


def summary(rows: dict) -> dict:
    merged: dict = {}
    for record in rows.get("summary", []):
        merged |= record.get("update", {})
    return merged


def wandb_tracker(**config):
    lines: list[str] = []
    return make_tracker(LoggerConfig(name="wandb", wandb=WandbConfig(**config)), lines.append), lines


def outcome(run_dir: Path) -> Outcome:
    checkpoint, figure = run_dir / "checkpoints" / "best.ckpt", run_dir / "curves.png"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"weights")
    Image.new("RGB", (40, 30), "white").save(figure)
    return Outcome(
        status="completed",
        summary={"validation.accuracy": 0.75, "cost.parameters": 1234, "validation.auroc": None, "best": "x"},
        confusion=np.array([[5, 1], [0, 4]]),
        confusion_part="validation",
        classes=["yes", 'no "$x$" ü 🎈'],
        prediction_columns=["id", "true", "predicted", "p_yes"],
        predictions=[[str(i), "yes", "no", i / 10] for i in range(10)],
        best_checkpoint=checkpoint,
        figures=[figure],
    )


def test_everything_is_in_the_offline_run(read_back, tmp_path, capfd, recwarn):
    run_dir = tmp_path / "run"
    tracker, lines = wandb_tracker(tags=["mine"])
    line = tracker.start(about(run_dir))
    for epoch in (1, 2, 3):
        tracker.log(row(epoch, accuracy=0.25 * epoch))
    tracker.finish(outcome(run_dir))
    printed = capfd.readouterr()
    assert (printed.out, printed.err, lines, list(recwarn)) == ("", "", [], [])
    assert "offline" in line and "wandb leet" in line and "\n" not in line

    rows = read_back(run_dir)
    (run,) = rows.get("run", [])
    config = run["config"]["update"]
    assert config["model"] == {"cell": "lstm", "num_layers": 2} and config["seed"] == 3
    assert run["tags"] == ["lstm", "2 layers", "t" * 64]
    assert (run["run_group"], run["job_type"], run["display_name"]) == ("a group", "train", "a run")
    assert run["project"] == "seqlab"

    axes = {m.get("glob_name") or m["name"]: m.get("step_metric") for m in rows.get("metric", [])}
    assert axes["train/*"] == axes["validation/*"] == "epoch" and axes["epoch"] is None
    history = [h["item"] for h in rows.get("history", [])]
    assert [h["validation/accuracy"] for h in history[:3]] == [0.25, 0.5, 0.75]
    assert [h["epoch"] for h in history[:3]] == [1, 2, 3]
    assert "validation/auroc" not in history[0] and history[2]["lr"] == 0.01

    final = summary(rows)
    assert final["validation.accuracy"] == 0.75 and final["cost.parameters"] == 1234
    assert final["status"] == "completed" and final["validation.auroc"] is None
    assert [e.get("exit_code", 0) for e in rows.get("exit", [])] == [0]

    tables = {
        name: table(run_dir, final[f"{name}.path"]) for name in ("confusion_matrix_table", "predictions")
    }
    assert tables["predictions"]["columns"] == ["id", "true", "predicted", "p_yes"]
    assert tables["predictions"]["data"][3] == ["3", "yes", "no", 0.3]
    balloon = 'no "$x$" ü 🎈'
    assert tables["confusion_matrix_table"]["data"] == [
        ["yes", "yes", 5], ["yes", balloon, 1], [balloon, "yes", 0], [balloon, balloon, 4]
    ]  # fmt: skip
    charts = {key: value for c in rows.get("config", []) for key, value in c["update"].items()}
    chart = charts["_wandb.visualize.confusion_matrix"]  # what makes a chart of it in a dashboard
    assert "Confusion matrix (validation)" in json.dumps(chart)
    assert (folder_of(run_dir) / "files" / final["figures/curves.path"]).is_file()

    (model,) = [a for a in rows.get("artifact", []) if a["type"] == "model"]
    (content,) = model["manifest"]["contents"]
    assert "best" in model["aliases"] and content["path"] == "best.ckpt"
    assert Path(content["local_path"]).read_bytes() == b"weights"


def folder_of(run_dir: Path) -> Path:
    (folder,) = (run_dir / "wandb").glob("offline-run-*")
    return folder


def table(run_dir: Path, path: str) -> dict:
    return json.loads((folder_of(run_dir) / "files" / path).read_text(encoding="utf-8"))


def test_what_a_later_sync_needs_lies_in_the_run_directory(read_back, tmp_path):
    run_dir = tmp_path / "run"
    tracker, _ = wandb_tracker()
    tracker.start(about(run_dir))
    tracker.finish(outcome(run_dir))
    for artifact in read_back(run_dir).get("artifact", []):
        for content in artifact["manifest"]["contents"]:
            assert (
                Path(content["local_path"]).is_relative_to(run_dir) and Path(content["local_path"]).is_file()
            )
    assert not [p for p in (tmp_path / "home").rglob("*") if p.is_file() and p.suffix != ".log"]
    assert "WANDB_DATA_DIR" not in os.environ


def test_several_runs_open_at_once_stay_apart(read_back, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_RUN_ID", "theirs")
    trackers = [wandb_tracker()[0] for _ in range(3)]
    for number, tracker in enumerate(trackers):
        tracker.start(about(tmp_path / str(number), name=f"run {number}"))
    for number, tracker in enumerate(trackers):
        tracker.log(row(1, accuracy=number / 10))
    for tracker in reversed(trackers):
        tracker.finish(Outcome(status="failed"))
    ids = set()
    for number in range(3):
        rows = read_back(tmp_path / str(number))
        ids.add(rows.get("run", [])[0]["run_id"])
        assert rows.get("run", [])[0]["display_name"] == f"run {number}"
        assert [h["item"]["validation/accuracy"] for h in rows.get("history", [])] == [number / 10]
        assert rows.get("exit", [])[0]["exit_code"] == 1
    assert len(ids) == 3


def test_disabled_does_nothing(tmp_path):
    tracker, _ = wandb_tracker(mode="disabled")
    assert tracker.start(about(tmp_path / "run")) is None
    tracker.log(row(1))
    tracker.finish(Outcome(status="completed"))
    assert not (tmp_path / "run").exists()


def test_a_failure_in_the_middle_is_one_line_and_closes_the_run(read_back, tmp_path):
    run_dir = tmp_path / "run"
    tracker, lines = wandb_tracker()
    tracker.start(about(run_dir))
    tracker.log(row(1))
    tracker.finish(Outcome(status="completed", figures=[tmp_path / "missing.png"]))
    assert len(lines) == 1 and "missing.png" in lines[0] and "\n" not in lines[0]
    assert read_back(run_dir).get("exit", [])


def test_many_classes_leave_out_empty_cells():
    counts = np.eye(60, dtype=np.int64).tolist()
    chart = ours._confusion_chart(counts, [str(c) for c in range(60)], "")
    assert len(chart.table.data) == 60
