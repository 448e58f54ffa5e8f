"""A disk that fills up ends a run in a few plain words, and leaves every file whole or absent."""

import json
import resource

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from seqlab.checkpoint import load_checkpoint
from seqlab.cli.parsing import run_command
from seqlab.errors import RunFailed
from seqlab.files import read_rows

pytestmark = pytest.mark.slow


def check_whole(run_dir) -> set[str]:
    """Open every file of a run directory; return their names."""
    names = set()
    for path in run_dir.rglob("*"):
        if not path.is_file() or "wandb" in path.relative_to(run_dir).parts:
            continue
        names.add(path.name)
        if path.suffix == ".ckpt":
            load_checkpoint(path)
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".jsonl":
            assert [row["epoch"] for row in read_rows(path)] in ([], [1], [1, 2])
        elif path.suffix == ".yaml":
            assert yaml.safe_load(path.read_text())["seed"] == 0
        elif path.suffix == ".parquet":
            assert pq.read_table(path).num_rows == 13
        else:
            assert path.suffix == ".png", path
            with Image.open(path) as image:
                image.load()
    return names


def test_whenever_the_disk_is_full_the_run_says_so(small, small_disk, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))
    words = [*small, "model.hidden_size=32", "logger=none"]
    found = []
    for kilobytes in (4, 8, 24, 36, 44, 64, 72, 128, 224, 600):
        run_dir = small_disk(kilobytes) / "run"
        try:
            code = run_command(["train", *words, f"hydra.run.dir={json.dumps(str(run_dir))}"])
        except RunFailed as error:  # the command line prints it and ends with 1
            assert "No space left" in str(error) and "\n" not in str(error)
            code = 1
        said = capsys.readouterr()
        assert said.err == ""
        assert code == 0 or "No space left" in said.out or not check_whole(run_dir)
        found.append((code, check_whole(run_dir)))
    assert found[0][0] == 1 and found[-1][0] == 0
    assert any(code == 1 and "best.ckpt" in names for code, names in found)
    assert any(code == 1 and "predictions.parquet" in names for code, names in found)


def test_a_full_disk_from_outside(person, small, small_disk):
    disk = small_disk(56)
    done = person.train(*small, "model.hidden_size=32", f"hydra.run.dir={json.dumps(str(disk / 'run'))}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout and len(done.stderr.splitlines()) <= 3
    assert sum("No space left" in line for line in (done.stdout + done.stderr).splitlines()) <= 3
    assert "No space left" in done.stdout
    assert "best.ckpt" in check_whole(disk / "run")


def test_a_file_that_may_not_grow_is_a_full_disk_too(person, small):
    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, 16_000))

    words = [*small, "model.hidden_size=64", "logger=none", "hydra.run.dir=out"]
    done = person.train(*words, preexec_fn=no_large_files)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout and len(done.stderr.splitlines()) <= 3
    assert "File too large" in done.stdout
    assert check_whole(person.work / "out") == {"config.yaml", "metrics.jsonl", "result.json"}
    assert json.loads((person.work / "out" / "result.json").read_text())["status"] == "failed"
