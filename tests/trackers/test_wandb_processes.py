"""W&B in processes of their own: accounts and servers that fail, terminals, kills. No network is needed."""

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from seqlab.trackers import wandb as ours

SCRIPT = """
import json, sys, time
from pathlib import Path
import seqlab.trackers.wandb as ours
from seqlab.config.training import LoggerConfig, WandbConfig
from seqlab.results import EpochRow
from seqlab.trackers import Outcome, RunAbout, make_tracker

run_dir, mode, seconds, then = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]
ours.ONLINE_START_SECONDS = ours.ONLINE_FINISH_SECONDS = seconds
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


def check_fell_back(read_back, process: subprocess.Popen, run_dir: Path, within: float, reason: str) -> None:
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    (printed,) = out.splitlines()
    told = json.loads(printed)
    assert "offline" in told["line"] and reason in told["line"] and "\n" not in told["line"]
    assert KEY not in told["line"] and "short-key" not in told["line"]
    assert told["took"] < within
    assert len(read_back(run_dir).get("history", [])) == 3


def test_online_without_a_working_account_or_server_goes_on_offline(
    read_back, tmp_path, silent_server, closed_port
):
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
        check_fell_back(read_back, process, tmp_path / name, within=15, reason=cases[name][2])
    assert earlier.is_dir()


class Server(BaseHTTPRequestHandler):
    """As much of a W&B server as starts a run; asked for anything more, it may fall silent."""

    silent_later = False

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        project = {"id": "p", "name": "seqlab", "entity": {"id": "e", "name": "me"}}
        bucket = {"id": "b", "name": "abc", "displayName": "a run", "config": "{}", "project": project}
        if "upsertBucket" not in body and self.silent_later:
            time.sleep(30)
        files = {"runID": "b", "uploadHeaders": [], "files": []}
        data = {"upsertBucket": {"bucket": bucket, "inserted": True}, "createRunFiles": files}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(answer)


@pytest.fixture
def small_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_online_with_an_account_and_a_server_is_online(tmp_path, small_server):
    process = begin(tmp_path / "run", environment(KEY, small_server), seconds=20)
    out, err = process.communicate(timeout=60)
    assert err == "" and json.loads(out)["line"] == f"W&B: {small_server}/me/seqlab/runs/abc"
    assert not list((tmp_path / "run" / "wandb").glob("offline-run-*"))
    assert not (tmp_path / "home" / ".netrc").exists() and not (tmp_path / "home" / ".config").exists()


@pytest.mark.slow
def test_a_server_that_falls_silent_delays_the_end_and_no_more(
    read_back, tmp_path, small_server, monkeypatch
):
    monkeypatch.setattr(Server, "silent_later", True)
    process = begin(tmp_path / "run", environment(KEY, small_server), seconds=3)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    (line,) = err.splitlines()
    assert "within 3 s" in line and "wandb sync" in line and KEY not in line
    assert len(read_back(tmp_path / "run").get("history", [])) == 3


@pytest.mark.slow
@pytest.mark.parametrize("server", ["silent_server", "closed_port"])
def test_online_gives_up_within_15_seconds_as_shipped(read_back, tmp_path, request, server):
    url = request.getfixturevalue(server)
    began = time.monotonic()
    process = begin(tmp_path / "run", environment(KEY, url), seconds=ours.ONLINE_START_SECONDS)
    check_fell_back(read_back, process, tmp_path / "run", within=15, reason="failed")
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


def test_rows_older_than_two_seconds_survive_kill_9(read_back, tmp_path):
    process = begin(tmp_path / "run", dict(os.environ), mode="offline", then="sleep")
    assert json.loads(process.stdout.readline())["line"]
    time.sleep(2)
    os.killpg(process.pid, signal.SIGKILL)  # the library's helper process too
    process.communicate(timeout=10)
    assert [h["item"]["epoch"] for h in read_back(tmp_path / "run").get("history", [])] == [1, 2, 3]
