"""Shared by the tests of trackers: a home of their own, and W&B's own reader of its logs."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from wandb.util import get_core_path


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """No account, and every trace of W&B within the test's folder."""
    for name in [name for name in os.environ if name.startswith("WANDB_") and name != "WANDB_SERVICE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def read_back() -> Callable[[Path], dict[str, list[dict]]]:
    """A function: run directory -> kind of record -> records, of its only W&B run."""

    def read(run_dir: Path) -> dict[str, list[dict]]:
        (log,) = (run_dir / "wandb").glob("*run-*/*.wandb")
        # what `wandb leet inspect --json` runs
        reader = [get_core_path(), "leet", "inspect", "--no-observability", "--json", "--run-file"]
        command = [*reader, str(log), str(log.parent.parent)]
        out = ""
        for _ in range(5):  # on a busy machine the reader now and then ends without a word
            out = out or subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
        found: dict[str, list[dict]] = {}
        for line in out.splitlines():
            record = json.loads(line)
            found.setdefault(record["type"], []).append(record.get(record["type"], {}))
        return found

    return read
