"""W&B offline and online, read back with W&B's own reader. Nothing here needs a network or an account."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from wandb.util import get_core_path

from seqlab.config.training import LoggerConfig, WandbConfig
from seqlab.results import EpochRow
from seqlab.trackers import Outcome, RunAbout, make_tracker
from seqlab.trackers import wandb as ours

SCRIPT = """
import json, sys, time
from pathlib import Path
import seqlab.trackers.wandb as ours
from seqlab.config.training import LoggerConfig, WandbConfig
from seqlab.results import EpochRow
from seqlab.trackers import Outcome, RunAbout, make_tracker

run_dir, mode, seconds, then = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
ours.ONLINE_START_SECONDS = seconds
tracker = make_tracker(LoggerConfig(name="wandb", wandb=WandbConfig(mode=mode)))
began = time.monotonic()
line = tracker.start(RunAbout(name="a run", config={"seed": 1}, tags=["lstm"], run_dir=run_dir))
took = time.monotonic() - began
for epoch in (1, 2, 3):
    tracker.log(EpochRow(epoch=epoch, step=epoch, seconds=1.0, lr=0.1, train={"loss": 1.0}, validation={"loss": 2.0}))
print(json.dumps({"line": line, "took": took}), flush=True)
if then == "sleep":
    time.sleep(60)
tracker.finish(Outcome(status="completed"))
"""


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """No account, and every trace of W&B within the test's folder."""
    for name in [name for name in os.environ if name.startswith("WANDB_") and name != "WANDB_SERVICE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


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


def transaction_logs(run_dir: Path) -> list[Path]:
    return sorted((run_dir / "wandb").glob("*run-*/*.wandb"))


def records(run_dir: Path) -> list[dict]:
    (log,) = transaction_logs(run_dir)
    # what `wandb leet inspect --json` runs
    reader = [get_core_path(), "leet", "inspect", "--no-observability", "--json", "--run-file"]
    command = [*reader, str(log), str(log.parent.parent)]
    out = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    return [json.loads(line) for line in out.splitlines()]


def of(rows: list[dict], kind: str) -> list[dict]:
    return [r[kind] for r in rows if r["type"] == kind]


def summary(rows: list[dict]) -> dict:
    merged: dict = {}
    for record in of(rows, "summary"):
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
        classes=["yes", 'no "$x$" ü 🎈'],
        prediction_columns=["id", "true", "predicted", "p_yes"],
        predictions=[[str(i), "yes", "no", i / 10] for i in range(10)],
        best_checkpoint=checkpoint,
        figures=[figure],
    )


def test_everything_is_in_the_offline_run(tmp_path, capfd, recwarn):
    run_dir = tmp_path / "run"
    tracker, lines = wandb_tracker(tags=["mine"])
    line = tracker.start(about(run_dir))
    for epoch in (1, 2, 3):
        tracker.log(row(epoch, accuracy=0.25 * epoch))
    tracker.finish(outcome(run_dir))
    printed = capfd.readouterr()
    assert (printed.out, printed.err, lines, list(recwarn)) == ("", "", [], [])
    assert "offline" in line and "wandb leet" in line and "\n" not in line

    rows = records(run_dir)
    (run,) = of(rows, "run")
    config = run["config"]["update"]
    assert config["model"] == {"cell": "lstm", "num_layers": 2} and config["seed"] == 3
    assert run["tags"] == ["lstm", "2 layers", "t" * 64]
    assert (run["run_group"], run["job_type"], run["display_name"]) == ("a group", "train", "a run")
    assert run["project"] == "seqlab"

    axes = {m.get("glob_name") or m["name"]: m.get("step_metric") for m in of(rows, "metric")}
    assert axes["train/*"] == axes["validation/*"] == "epoch" and axes["epoch"] is None
    history = [h["item"] for h in of(rows, "history")]
    assert [h["validation/accuracy"] for h in history[:3]] == [0.25, 0.5, 0.75]
    assert [h["epoch"] for h in history[:3]] == [1, 2, 3]
    assert "validation/auroc" not in history[0] and history[2]["lr"] == 0.01

    final = summary(rows)
    assert final["validation.accuracy"] == 0.75 and final["cost.parameters"] == 1234
    assert final["status"] == "completed" and final["validation.auroc"] is None
    assert [e.get("exit_code", 0) for e in of(rows, "exit")] == [0]

    tables = {
        name: table(run_dir, final[f"{name}.path"]) for name in ("confusion_matrix_table", "predictions")
    }
    assert tables["predictions"]["columns"] == ["id", "true", "predicted", "p_yes"]
    assert tables["predictions"]["data"][3] == ["3", "yes", "no", 0.3]
    balloon = 'no "$x$" ü 🎈'
    assert tables["confusion_matrix_table"]["data"] == [
        ["yes", "yes", 5], ["yes", balloon, 1], [balloon, "yes", 0], [balloon, balloon, 4]
    ]  # fmt: skip
    charts = [key for c in of(rows, "config") for key in c["update"]]
    assert "_wandb.visualize.confusion_matrix" in charts  # what makes a chart of it in a dashboard
    assert (folder_of(run_dir) / "files" / final["figures/curves.path"]).is_file()

    (model,) = [a for a in of(rows, "artifact") if a["type"] == "model"]
    (content,) = model["manifest"]["contents"]
    assert "best" in model["aliases"] and content["path"] == "best.ckpt"
    assert Path(content["local_path"]).read_bytes() == b"weights"


def folder_of(run_dir: Path) -> Path:
    (log,) = transaction_logs(run_dir)
    return log.parent


def table(run_dir: Path, path: str) -> dict:
    return json.loads((folder_of(run_dir) / "files" / path).read_text(encoding="utf-8"))


def test_what_a_later_sync_needs_lies_in_the_run_directory(tmp_path):
    run_dir = tmp_path / "run"
    tracker, _ = wandb_tracker()
    tracker.start(about(run_dir))
    tracker.finish(outcome(run_dir))
    for artifact in of(records(run_dir), "artifact"):
        for content in artifact["manifest"]["contents"]:
            assert (
                Path(content["local_path"]).is_relative_to(run_dir) and Path(content["local_path"]).is_file()
            )
    assert not [p for p in (tmp_path / "home").rglob("*") if p.is_file() and p.suffix != ".log"]
    assert "WANDB_DATA_DIR" not in os.environ


def test_several_runs_open_at_once_stay_apart(tmp_path, monkeypatch):
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
        rows = records(tmp_path / str(number))
        ids.add(of(rows, "run")[0]["run_id"])
        assert of(rows, "run")[0]["display_name"] == f"run {number}"
        assert [h["item"]["validation/accuracy"] for h in of(rows, "history")] == [number / 10]
        assert of(rows, "exit")[0]["exit_code"] == 1
    assert len(ids) == 3


def test_disabled_does_nothing(tmp_path):
    tracker, _ = wandb_tracker(mode="disabled")
    assert tracker.start(about(tmp_path / "run")) is None
    tracker.log(row(1))
    tracker.finish(Outcome(status="completed"))
    assert not (tmp_path / "run").exists()


def test_a_failure_in_the_middle_is_one_line_and_closes_the_run(tmp_path):
    run_dir = tmp_path / "run"
    tracker, lines = wandb_tracker()
    tracker.start(about(run_dir))
    tracker.log(row(1))
    tracker.finish(Outcome(status="completed", figures=[tmp_path / "missing.png"]))
    assert len(lines) == 1 and "missing.png" in lines[0] and "\n" not in lines[0]
    assert of(records(run_dir), "exit")


def test_many_classes_leave_out_empty_cells():
    counts = np.eye(60, dtype=np.int64).tolist()
    chart = ours._confusion_chart(counts, [str(c) for c in range(60)])
    assert len(chart.table.data) == 60


def environment(key: str | None, url: str) -> dict[str, str]:
    return {**os.environ, "WANDB_BASE_URL": url, **({} if key is None else {"WANDB_API_KEY": key})}


def begin(
    run_dir: Path, env: dict[str, str], *, mode="online", seconds=1.0, then="finish", **more
) -> subprocess.Popen:
    env = {name: value for name, value in env.items() if name != "WANDB_SERVICE"}
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(run_dir), mode, str(seconds), then]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
    return subprocess.Popen(command, env=env, text=True, start_new_session=True, cwd=run_dir.parent, **pipes)


@pytest.fixture
def silent_server():
    """Accepts, and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


KEY = "local-" + "abcdef0123" * 4


def check_fell_back(process: subprocess.Popen, run_dir: Path, within: float, reason: str) -> None:
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    (printed,) = out.splitlines()
    told = json.loads(printed)
    assert "offline" in told["line"] and reason in told["line"] and "\n" not in told["line"]
    assert KEY not in told["line"] and "short-key" not in told["line"]
    assert told["took"] < within
    assert len(of(records(run_dir), "history")) == 3


def test_online_without_a_working_account_or_server_goes_on_offline(tmp_path, silent_server, closed_port):
    cases = {
        "missing": (None, closed_port, "no API key"),
        "malformed": ("short-key", closed_port, "40+ characters"),
        "refused": (KEY, closed_port, "connection refused"),
        "silent": (KEY, silent_server, "deadline exceeded"),
    }
    earlier = tmp_path / "silent" / "wandb" / "run-20200101_000000-earlier"
    earlier.mkdir(parents=True)
    running = {name: begin(tmp_path / name, environment(key, url)) for name, (key, url, _) in cases.items()}
    for name, process in running.items():
        check_fell_back(process, tmp_path / name, within=15, reason=cases[name][2])
    assert earlier.is_dir()


@pytest.mark.slow
@pytest.mark.parametrize("server", ["silent_server", "closed_port"])
def test_online_gives_up_within_15_seconds_as_shipped(tmp_path, request, server):
    url = request.getfixturevalue(server)
    began = time.monotonic()
    process = begin(tmp_path / "run", environment(KEY, url), seconds=ours.ONLINE_START_SECONDS)
    check_fell_back(process, tmp_path / "run", within=15, reason="failed")
    assert time.monotonic() - began < 25


def test_a_terminal_is_never_asked_for_a_key(tmp_path, closed_port):
    ours_end, theirs = pty.openpty()
    try:
        with begin(tmp_path / "run", environment(None, closed_port), stdin=theirs, stderr=theirs) as process:
            out, _ = process.communicate(timeout=60)
        assert "no API key" in json.loads(out)["line"]
        os.set_blocking(ours_end, False)
        with pytest.raises(BlockingIOError):
            os.read(ours_end, 100)
    finally:
        os.close(theirs)
        os.close(ours_end)


def test_rows_older_than_two_seconds_survive_kill_9(tmp_path):
    process = begin(tmp_path / "run", dict(os.environ), mode="offline", then="sleep")
    assert json.loads(process.stdout.readline())["line"]
    time.sleep(2)
    os.killpg(process.pid, signal.SIGKILL)  # the library's helper process too
    process.communicate(timeout=10)
    assert [h["item"]["epoch"] for h in of(records(tmp_path / "run"), "history")] == [1, 2, 3]
